"""Form fields and forms of the access pages. Verbs check the same again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from civicmail.city.pages.days import end_of_day as end_of_day
from civicmail.city.pages.days import start_of_day as start_of_day

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)


def text_field(
    label: StrOrPromise,
    hint: StrOrPromise = "",
    *,
    min_length: int = 0,
    max_length: int = 400,
    rows: int = 3,
    required: bool = True,
) -> forms.CharField:
    """A text of one or more sentences."""
    widget = forms.Textarea(attrs={"rows": rows, "maxlength": max_length})
    return forms.CharField(
        label=label, help_text=hint, widget=widget, min_length=min_length or None, max_length=max_length, required=required
    )


def day_field(label: str, hint: str = "", *, required: bool = True) -> forms.DateField:
    """A day of people alive, so that the midnight after it is a time in every zone."""
    widget = forms.DateInput(attrs={"type": "date", "min": FIRST.isoformat(), "max": LAST.isoformat()})
    bounds = [MinValueValidator(FIRST), MaxValueValidator(LAST)]
    return forms.DateField(label=label, help_text=hint, widget=widget, required=required, validators=bounds)


def set_choices(form: forms.Form, name: str, choices: Iterable[tuple[str, StrOrPromise]]) -> None:
    """Set the choices of a field that are known only at the request."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)


class _MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """Cleans to a list of files."""

    widget = _MultipleFileInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        single, files = super().clean, [one for one in data or [] if one]
        return [single(one, initial) for one in files] if files or not self.required else [single(None, initial)]


class PeopleChoiceForm(forms.Form):
    """Several people of a position at once. version: of the profile as it was shown."""

    until = day_field("Until which day?", "At most a year; for contractors at most to the end of the contract.")
    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """A reason alone."""

    reason = text_field("Reason", "At least 20 characters. It is kept for ever.", min_length=20)


class FeedUploadForm(forms.Form):
    """A list of the personnel system."""

    file = forms.FileField(label="CSV file", help_text="With a line of column names first. Nothing is changed before you apply it.")
