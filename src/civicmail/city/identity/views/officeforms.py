"""Forms of pages about agencies, mailboxes, lists, departments, the policy and conflicts; the others are in forms.py."""

from __future__ import annotations

from typing import Any

from django import forms

from civicmail.city.pages.forms import day_field, text_field


class Whose(forms.Form):
    """An address and a day."""

    address = forms.EmailField(label="Address")
    day = day_field("Day", required=False)


class PolicyWords(forms.Form):
    """A version of the policy as it is being written. after: the newest version when the writer began; first: there
    is none."""

    title = forms.CharField(label="Title", max_length=200)
    text = text_field(
        "Text",
        "Empty lines part paragraphs; a line that begins with # and a space is a heading. Nothing else means anything.",
        min_length=100,
        max_length=60_000,
        rows=18,
    )
    changed = text_field("What is new?", "In plain words; people read it above the text.", max_length=2000, rows=3)
    material = forms.ChoiceField(
        label="Is it a material change?",
        choices=[
            ("yes", "Yes: everybody is asked to accept it, within 14 days"),
            ("no", "No: whoever accepted the last one is not asked"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the two."},
    )
    after = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, first: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["changed"].required = not first
