"""Forms about violations; nothing is preselected. The verbs check the input again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from civicmail.city.access.forms import PersonField, set_choices, text_field
from civicmail.city.access.views import wording
from civicmail.city.conduct.actions.findings import FINDINGS, MAX_RESPONSE
from civicmail.city.conduct.actions.violation_reports import MAX_TEXT
from civicmail.city.conduct.consequence_table import MAX_DAYS, OUTCOMES, Ladder, Procedure, Table
from civicmail.city.policy.clauses import CLAUSES

LEFT_OUT = frozenset({"P-01", "P-02", "P-03", "P-04", "P-05", "P-06", "P-08", "P-21", "P-23", "P-24", "P-28", "P-29", "P-30"})
"""Clauses about the city's own duties, which nobody breaks by a message."""
NUMBERS = _("The number of the message, as its page and its record name it; several with a blank between them.")


def clauses() -> list[tuple[str, str]]:
    """Rules that a person can break, with titles in the language of the page."""
    choices = [(number, f"{number} {wording.translate(c.title)}") for number, c in CLAUSES.items() if number not in LEFT_OUT]
    return [("", str(_("Choose"))), *choices]


class _RuleForm(forms.Form):
    """A form with the rules of the policy as choices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "clause", clauses())

    def numbers(self) -> list[str]:
        """Numbers of the messages that it is about."""
        return str(self.cleaned_data["evidence"]).replace(",", " ").split()


class Report(_RuleForm):
    """A report by any signed-in person."""

    whose = forms.ChoiceField(
        label=_("Who was it?"), choices=[("other", _("Somebody else")), ("me", _("It was me, by mistake"))],
        widget=forms.RadioSelect, error_messages={"required": _("Choose one of the two answers.")},
    )  # fmt: skip
    person = PersonField(
        label=_("Which person?"), required=False, help_text=_("Only for the first answer: personnel number or address.")
    )
    clause = forms.ChoiceField(label=_("Which rule?"))
    what = text_field(
        _("What happened?"),
        _("In your own words, without copying mail. At least 20 characters."),
        min_length=20,
        max_length=MAX_TEXT,
    )
    evidence = forms.CharField(label=_("Which messages?"), max_length=800, required=False, help_text=NUMBERS)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("whose") == "other" and not data.get("person") and "person" not in self.errors:
            self.add_error("person", _("Say who it was."))
        return data


class Record(_RuleForm):
    """A record about an agency's person, which ends their access."""

    clause = forms.ChoiceField(label="Which rule was broken?")
    what = text_field(
        "What happened?", "In your own words, without copying mail. At least 20 characters.", min_length=20, max_length=MAX_TEXT
    )
    evidence = forms.CharField(label="Which messages show it?", max_length=800, help_text=NUMBERS)


class Name(_RuleForm):
    """Who sent the message."""

    person = PersonField(label="Whose message was it?", help_text="Personnel number or address.")
    clause = forms.ChoiceField(label="Which rule is meant?")
    reason = text_field("How do you know?", "At least 10 characters.", min_length=10)


class Nothing(forms.Form):
    """The button alone."""


class Response(forms.Form):
    """A response on paper, or given to an officer."""

    text = text_field("What does the person say?", "In their words.", min_length=10, max_length=MAX_RESPONSE, rows=6)
    reference = forms.CharField(label="Where is the paper?", max_length=200, help_text="File, or who heard it and when.")


class MessageNumber(forms.Form):
    """The number of another message."""

    number = forms.CharField(label="Number of the message", max_length=60)
    reason = text_field("What does it show?", "In your own words.", min_length=3)


class Finding(forms.Form):
    """Was the rule broken?"""

    finding = forms.ChoiceField(
        label="What do you find?", widget=forms.RadioSelect, error_messages={"required": "Choose a finding."}
    )
    severe = forms.BooleanField(label="Severe: straight to the end of the table", required=False)
    bad_faith = forms.BooleanField(label="The report was not made in good faith", required=False)
    reason = text_field("Why?", "At least 20 characters. The person reads it.", min_length=20, max_length=1000, rows=4)

    def __init__(self, own: bool, reversible: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        left_out = {"note"} - ({"note"} if own else set()) | ({"dismiss"} if reversible else set())
        set_choices(self, "finding", [(key, words) for key, words in FINDINGS.items() if key not in left_out])


class Deciding(forms.Form):
    """The decision; the table's proposal is shown above and not preselected."""

    outcome = forms.ChoiceField(
        label="What follows?", widget=forms.RadioSelect, error_messages={"required": "Choose what follows."}
    )
    days = forms.IntegerField(
        label="For how many days?", min_value=1, max_value=MAX_DAYS, required=False, help_text="Of a suspension or restriction."
    )
    ground = forms.ChoiceField(label="Ground")
    cites = forms.CharField(label="Section, article or number", max_length=300)
    procedure = forms.ChoiceField(label="Procedure")
    why = text_field(
        "Why?",
        "At least 20 characters; where you depart from the table, why. The person reads it.",
        min_length=20,
        max_length=1000,
        rows=4,
    )

    def __init__(self, table: Table, ladder: Ladder, procedures: Sequence[Procedure], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "outcome", [(o, OUTCOMES[o]) for o in ladder.outcomes])
        set_choices(self, "ground", [("", "Choose"), *table.grounds.items()])
        set_choices(self, "procedure", [("", "Choose"), *((p.id, p.name) for p in procedures)])
        self._keys_by_procedure = {p.id: [key for key, _label in p.asks] for p in procedures}
        for procedure in procedures:
            for key, label in procedure.asks:
                self.fields[key] = forms.CharField(label=f"{procedure.name}: {label}", max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for key in self._keys_by_procedure.get(data.get("procedure", ""), []):
            if not data.get(key):
                self.add_error(key, "This procedure asks for it.")
        if data.get("outcome") in ("suspension", "restriction") and not data.get("days") and "days" not in self.errors:
            self.add_error("days", "Say for how many days.")
        return data

    def written(self) -> dict[str, str]:
        """The procedure, with what was recorded for it."""
        c = self.cleaned_data
        return {"procedure": c["procedure"], **{key: c[key] for key in self._keys_by_procedure.get(c["procedure"], [])}}


class YesOrNo(forms.Form):
    """A second person."""

    answer = forms.ChoiceField(label="Do you agree?", widget=forms.RadioSelect, error_messages={"required": "Choose an answer."})
    reason = text_field("Why?", "At least 20 characters.", min_length=20, max_length=1000, rows=4)

    def __init__(self, yes: str, no: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "answer", [("yes", yes), ("no", no)])


class Hearing(YesOrNo):
    """An appeal. law: where a permanent bar shall end."""

    law = forms.CharField(
        label="By which law?",
        max_length=300,
        required=False,
        help_text="Only where a permanent bar shall end: the law or the order.",
    )
    field_order = ("answer", "law", "reason")

    def __init__(self, yes: str, no: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(yes, no, *args, **kwargs)
        self.fields["answer"].label = "Does it stand?"


class Because(forms.Form):
    """A reason alone."""

    reason = text_field("Why?", "At least 20 characters. It is kept for ever.", min_length=20, max_length=1000, rows=4)
