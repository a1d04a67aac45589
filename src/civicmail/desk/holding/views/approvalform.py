"""What a manager says about files: which of them leave, for whom, and why. Nothing is chosen beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from civicmail.city.access.forms import long
from civicmail.desk.holding import parting
from civicmail.desk.holding.files import Shown
from civicmail.desk.holding.models import Approval

SOME = "some"
ANSWERS = [
    ("approve", "Yes: exactly these files, to the recipients that are ticked"),
    (SOME, "Only some of them: the files that are ticked below"),
    ("refuse", "No: they do not leave"),
    ("records", "They answer a public-records request: the records office takes it from here"),
]
LINKED = {
    "approve": "Yes: exactly these files and links, to the recipients that are ticked",
    SOME: "Only some of the files, those that are ticked below; the links leave, too",
}
"""Where one is a link: it stands in the text, and no yes leaves it out."""
_NAME_MOST = 120
"""Characters of a name beside its box; the list above has all of it."""


class Answer(forms.Form):
    """With more than one file there is one answer more: only those that are ticked. One file is no further question."""

    to = forms.TypedMultipleChoiceField(
        label="For whom?",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one recipient.",
            "invalid_choice": "Somebody has answered for one of these recipients meanwhile. Choose again among the others.",
        },
    )
    answer = forms.ChoiceField(
        label="May these files leave?",
        choices=ANSWERS,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose an answer.",
            "invalid_choice": "Choose one of the answers that are offered. Not every message can be taken apart.",
        },
    )
    leave = forms.TypedMultipleChoiceField(
        label="If only some of them: which?",
        help_text="In place of each other file its reader finds a line that says it was not approved.",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = long("Why?", "The sender reads it. A no, and a yes to files of your own, need at least 10 characters.", required=False)

    def __init__(self, row: Approval, *args: Any, loose: bool, **kwargs: Any) -> None:
        """loose: whether some of the files may leave without the others."""
        super().__init__(*args, **kwargs)
        _offer(self.fields["to"], [(c.index, c.address) for c in row.copies.all() if c.state == "waits"])
        never = {*(() if row.capture else ("records",)), *(() if loose else (SOME,))}
        said = LINKED if row.links else {}
        _offer(self.fields["answer"], [(key, said.get(key, label)) for key, label in ANSWERS if key not in never])
        if loose:
            _offer(self.fields["leave"], [(number, f"File {number}") for number in parting.numbers(row)])
        else:
            del self.fields["leave"]

    def named(self, shown: Iterable[Shown]) -> None:
        """The files by their names, once these were read."""
        if "leave" in self.fields:
            _offer(self.fields["leave"], [(f.number, _named(f)) for f in shown if f.kind == "file"])

    def clean(self) -> dict[str, Any]:
        """What contradicts itself is asked once more."""
        c: dict[str, Any] = super().clean() or {}
        chosen = c.get("leave") or []
        if c.get("answer") == SOME and not chosen and "leave" not in self.errors:
            self.add_error("leave", "Tick the files that may leave.")
        if c.get("answer") == "approve" and chosen:
            self.add_error("answer", "You have ticked some files below, and said yes to all. Choose one of the two.")
        return c

    @property
    def said(self) -> tuple[str, Sequence[int]]:
        """What is done, and the numbers of the files that leave, none for all."""
        c = self.cleaned_data
        return ("approve", c["leave"]) if c["answer"] == SOME else (c["answer"], ())


def _offer(field: forms.Field, choices: Sequence[tuple[int | str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _named(file: Shown) -> str:
    """In isolation, so that no direction of writing in a name reaches what stands beside it (UAX 9)."""
    name = "".join(run.text if run.kind == "text" else f"[{run.text}]" for run in file.name)
    shown = f"{name[:_NAME_MOST]}…" if len(name) > _NAME_MOST else name
    return f"File {file.number}: \u2068{shown}\u2069" if name else f"File {file.number}"
