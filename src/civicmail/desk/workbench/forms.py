"""Forms of the workbench: people, period, words, reason; decisions; legal holds. The verbs check them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.examination_grounds import GroundRule
from civicmail.city.guard.examination_grounds import role_name as role_name
from civicmail.city.guard.mandate_request import MAX_PEOPLE, MAX_WORDS_LENGTH, MandateRequest
from civicmail.city.guard.mandates import DEFAULT_DAYS, GROUNDS, MAX_DAYS
from civicmail.city.pages.forms import day_field, end_of_day, set_choices, start_of_day, text_field


class People(forms.CharField):
    """People, one a line: personnel number, address or whole name; its value is their uids, in order."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})
        super().__init__(widget=widget, max_length=100 * MAX_PEOPLE, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}  # how many characters are left says nothing here

    def clean(self, value: Any) -> tuple[str, ...]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MAX_PEOPLE:
            raise forms.ValidationError(f"At most {MAX_PEOPLE} people; more are a department.")
        errors, uids = [], []
        for line in lines:
            matching = _matching(line)
            if len(matching) == 1:
                uids.append(matching[0].uid)
            elif matching:
                names = "; ".join(f"{p.uid} {_where(p)}" for p in matching[:5])
                errors.append(f"There is more than one {line}. Write the number: {names}.")
            else:
                errors.append(f"The directory has nobody by the number, address or name “{line[:80]}”.")
        if errors:
            raise forms.ValidationError(errors)
        return tuple(dict.fromkeys(uids))


def _matching(line: str) -> list[Person]:
    exact = list(Person.objects.filter(Q(uid=line) | Q(mailboxes__address=line.lower())).distinct()[:6])
    return exact or list(Person.objects.filter(display__iexact=line).order_by("uid")[:6])


def _where(person: Person) -> str:
    episode = person.episodes.select_related("department").filter(ended__isnull=True).first()
    return f"({episode.department})" if episode else "(left)"


class Scope(forms.Form):
    """Whose mail, how far and for how long; what an amendment changes."""

    people = People(
        label="Whose mail?",
        help_text="Personnel number, address or whole name, one person a line. Empty for a whole department.",
        required=False,
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

    def __init__(self, *args: Any, departments: Sequence[Department] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "department", [("", "No department"), *((d.code, d.name) for d in departments)])

    def scope(self) -> MandateRequest:
        c = self.cleaned_data
        first = start_of_day(c["first"]) if c["first"] else None
        last = end_of_day(c["last"]) - 1 if c["last"] else None
        return MandateRequest(c["people"], c["department"], first, last, c["words"], c["days"], c["reason"])


class RequestForm(Scope):
    """way: ground and role; nothing is preselected where there is a choice."""

    way = forms.ChoiceField(label="On which ground?", widget=forms.RadioSelect, error_messages={"required": "Choose a ground."})
    sealed = forms.BooleanField(
        label="Sealed",
        help_text="Also later nobody whose mail it is learns of it. Auditors see only that there is one.",
        required=False,
    )
    field_order = ("way", "people", "department", "first", "last", "words", "days", "reason", "sealed")

    def __init__(self, *args: Any, ways: Sequence[GroundRule] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "way", [(f"{w.ground}/{w.role}", f"{GROUNDS[w.ground]}, as {role_name(w.role).lower()}") for w in ways])
        if len(ways) == 1:
            self.fields["way"].initial = f"{ways[0].ground}/{ways[0].role}"

    def way_of(self) -> tuple[str, str]:
        ground, _, role = self.cleaned_data["way"].partition("/")
        return ground, role
