"""What is typed on pages about people and their work."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from civicmail.city.access.forms import PersonField, ReasonForm, day_field, set_choices
from civicmail.city.directory.models import Kind


class Rehire(ReasonForm):
    """Work that begins. contracts: of agencies, as choices."""

    kind = forms.ChoiceField(label="What is the person to the city?", choices=[("", "Choose"), *Kind.choices])
    contract = forms.ChoiceField(label="Under which contract?", help_text="For contractors, vendors and agents.", required=False)
    position = forms.CharField(label="Position", max_length=120, required=False)
    supervisor = PersonField(label="Supervisor", help_text="Personnel number or address.", required=False)
    starts = day_field("First day")
    ends = day_field("Last day, as planned", required=False)
    field_order: tuple[str, ...] = ("kind", "contract", "position", "supervisor", "starts", "ends", "reason")

    def __init__(self, contracts: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "contract", contracts)


class Named(forms.Form):
    """How somebody is called and reached."""

    given = forms.CharField(label="Given name", max_length=80, required=False)
    family = forms.CharField(label="Family name", max_length=80)
    display = forms.CharField(
        label="Display name", help_text="As it stands in From. Empty: given and family name.", max_length=160, required=False
    )
    phone = forms.CharField(label="Telephone", max_length=40, required=False)
    language = forms.ChoiceField(label="Language", choices=settings.LANGUAGES)


class NewPerson(Named, Rehire):
    """uid: of the personnel system, for ever."""

    uid = forms.CharField(label="Personnel number", help_text="As the personnel system has it; it stays for ever.", max_length=60)
    field_order = ("uid", "given", "family", "display", "phone", "language", *Rehire.field_order)


class Change(Named, ReasonForm):
    """What may be different about somebody who works here."""

    position = forms.CharField(label="Position", max_length=120, required=False)
    supervisor = PersonField(label="Supervisor", help_text="Personnel number or address.", required=False)
    field_order = ("given", "family", "display", "phone", "language", "position", "supervisor", "reason")


class Move(ReasonForm):
    """To another department. overlap: days."""

    department = forms.ChoiceField(label="To which department?")
    position = forms.CharField(label="Position there", max_length=120, required=False)
    supervisor = PersonField(label="Supervisor there", help_text="Personnel number or address.", required=False)
    overlap = forms.IntegerField(
        label="For how many days does access go on?",
        help_text="0 to 90; then what this department authorised ends.",
        min_value=0,
        max_value=90,
    )
    field_order = ("department", "position", "supervisor", "overlap", "reason")

    def __init__(self, departments: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "department", [("", "Choose"), *departments])
