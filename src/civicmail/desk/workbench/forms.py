"""Forms of the workbench: people, period, words, reason; decisions; legal holds. The verbs check them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from civicmail.city.directory.models import Department
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.examination_grounds import GroundRule
from civicmail.city.guard.examination_grounds import role_name as role_name
from civicmail.city.guard.mandate_request import MAX_PEOPLE, MAX_WORDS_LENGTH, MandateRequest
from civicmail.city.guard.mandates import DEFAULT_DAYS, GROUNDS, MAX_DAYS
from civicmail.city.pages import person_fields
from civicmail.city.pages.forms import day_field, end_of_day, set_choices, start_of_day, text_field


class Scope(forms.Form):
    """Whose mail, how far and for how long; what an amendment changes."""

    people = person_fields.PeopleField(
        label="Whose mail?", help_text="Empty for a whole department.", max_length=100 * MAX_PEOPLE, required=False
    )
    department = forms.ChoiceField(label="Or a whole department", required=False, help_text="With its divisions.")
    first = day_field("Received from", required=False)
    last = day_field("Received until", required=False)
    words = forms.CharField(
        label="Only with these words",
        help_text='As in a search: "lead lines" OR permit, from:, subject:, has:attachment.',
        max_length=MAX_WORDS_LENGTH,
        required=False,
    )
    days = forms.IntegerField(
        label="For how many days?", help_text=f"1 to {MAX_DAYS}; then it ends by itself.", initial=DEFAULT_DAYS
    )
    reason = text_field(
        "Why?", "At least 20 characters. Whoever decides reads it, and it is kept for ever.", min_length=20, max_length=400
    )

    def __init__(self, *args: Any, actor: Actor, departments: Sequence[Department] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person_fields.set_actor(self, actor)
        set_choices(self, "department", [("", "No department"), *((d.code, d.name) for d in departments)])

    def scope(self) -> MandateRequest:
        c = self.cleaned_data
        first = start_of_day(c["first"]) if c["first"] else None
        last = end_of_day(c["last"]) - 1 if c["last"] else None
        return MandateRequest(tuple(p.uid for p in c["people"]), c["department"], first, last, c["words"], c["days"], c["reason"])


class RequestForm(Scope):
    """way: ground and role; nothing is preselected where there is a choice."""

    way = forms.ChoiceField(label="On which ground?", widget=forms.RadioSelect, error_messages={"required": "Choose a ground."})
    sealed = forms.BooleanField(
        label="Sealed",
        help_text="Also later nobody whose mail it is learns of it. Auditors see only that there is one.",
        required=False,
    )
    field_order = ("way", "people", "first", "last", "words", "reason", "department", "days", "sealed")

    def __init__(self, *args: Any, ways: Sequence[GroundRule] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "way", [(f"{w.ground}/{w.role}", f"{GROUNDS[w.ground]}, as {role_name(w.role).lower()}") for w in ways])
        if len(ways) == 1:
            self.fields["way"].initial = f"{ways[0].ground}/{ways[0].role}"

    def way_of(self) -> tuple[str, str]:
        ground, _, role = self.cleaned_data["way"].partition("/")
        return ground, role
