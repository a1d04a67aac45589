"""A manager's decision on files: which of them leave, for whom, and why. Nothing is preselected; each answer is a button."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from civicmail.city.pages.forms import text_field
from civicmail.desk.holding import partial_approval
from civicmail.desk.holding.approval_files import ApprovalFile
from civicmail.desk.holding.models import Approval

SOME = "some"
ANSWERS = [
    (SOME, "Approve ticked files"),
    ("approve", "Approve"),
    ("refuse", "Deny"),
    ("records", "Refer to the records office"),
]
"""The words of the buttons. Where some files may be ticked, ticking all of them is the whole yes."""
MAX_NAME = 120
"""Characters of a name beside its box; the list above has all of it."""


class DecisionForm(forms.Form):
    """With more than one file there is one answer more: only those that are ticked. One file is no further question. buttons: the
    answers that the page offers besides its first button, which approves everything."""

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
        label="Your answer",
        choices=ANSWERS,
        error_messages={
            "required": "Choose an answer.",
            "invalid_choice": "Choose one of the answers that are offered. Not every message can be taken apart.",
        },
    )
    leave = forms.TypedMultipleChoiceField(
        label="Which files may leave?",
        help_text="In place of each other file the recipients find a line that says it was not approved.",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reason = text_field(
        "Why?", "The sender reads it. A no, and a yes to files of your own, need at least 10 characters.", required=False
    )

    def __init__(self, row: Approval, *args: Any, separable: bool, **kwargs: Any) -> None:
        """loose: whether some of the files may leave without the others."""
        super().__init__(*args, **kwargs)
        _set_choices(self.fields["to"], [(c.index, c.address) for c in row.copies.all() if c.state == "waits"])
        excluded = {*(() if row.capture else ("records",)), *(() if separable else (SOME,))}
        offered = [(key, label) for key, label in ANSWERS if key not in excluded]
        _set_choices(self.fields["answer"], offered)
        self.buttons = [(key, label) for key, label in offered if not (separable and key == "approve")]
        if separable:
            _set_choices(self.fields["leave"], [(number, f"File {number}") for number in partial_approval.file_numbers(row)])
        else:
            del self.fields["leave"]

    def name_files(self, shown: Iterable[ApprovalFile]) -> None:
        """The files by their names, once these were read."""
        if "leave" in self.fields:
            _set_choices(self.fields["leave"], [(f.number, _file_label(f)) for f in shown if f.kind == "file"])

    def clean(self) -> dict[str, Any]:
        """Ask again about contradictory input."""
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = cleaned.get("leave") or []
        if cleaned.get("answer") == SOME and not chosen and "leave" not in self.errors:
            self.add_error("leave", "Tick the files that may leave.")
        if cleaned.get("answer") == "approve" and chosen:
            self.add_error("answer", "You have ticked some files below, and said yes to all. Choose one of the two.")
        return cleaned

    @property
    def decision(self) -> tuple[str, Sequence[int]]:
        """The decision, and the numbers of the files that leave, none for all."""
        cleaned = self.cleaned_data
        return ("approve", cleaned["leave"]) if cleaned["answer"] == SOME else (cleaned["answer"], ())


def _set_choices(field: forms.Field, choices: Sequence[tuple[int | str, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _file_label(file: ApprovalFile) -> str:
    """A file's name in isolation, so that no writing direction in it affects adjacent text (UAX 9)."""
    name = "".join(run.text if run.kind == "text" else f"[{run.text}]" for run in file.name)
    shown = f"{name[:MAX_NAME]}…" if len(name) > MAX_NAME else name
    return f"File {file.number}: \u2068{shown}\u2069" if name else f"File {file.number}"
