"""The form of a decision about a violation, made from the city's table. The verb checks the input again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from civicmail.city.conduct.actions.consequences import Decision
from civicmail.city.conduct.consequence_table import MAX_DAYS, OUTCOMES, Ladder, Procedure, Table
from civicmail.city.pages.forms import set_choices, text_field


class DecisionForm(forms.Form):
    """The table's proposal is shown above and not preselected."""

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

    def decision(self) -> Decision:
        """The decision, with the data recorded for the procedure."""
        c = self.cleaned_data
        written = {"procedure": c["procedure"], **{key: c[key] for key in self._keys_by_procedure.get(c["procedure"], [])}}
        return Decision(c["outcome"], c["ground"], c["cites"], c["why"], c["days"] or 0, written)
