"""Forms about external systems."""

from __future__ import annotations

from typing import Any

from django import forms

from civicmail.city.access.errors import Unusable
from civicmail.city.access.forms import PersonField, set_choices, text_field
from civicmail.city.directory.models import Person

MAX_LINES = 5000


class ChangeSystem(forms.Form):
    """How accounts of a system are ended, and by whom."""

    person = PersonField(
        label="Who answers for it?", help_text="Personnel number or address. Ends accounts there, and confirms it."
    )
    hook = forms.ChoiceField(
        label="Is a program told?", required=False, help_text="Addresses of the settings. Without one, the person does it by hand."
    )
    days = forms.IntegerField(label="Within how many days must an end be confirmed?", initial=1, min_value=1, max_value=30)
    reason = text_field("Reason", "Who decided it, and why.", min_length=20)

    def __init__(self, hooks: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "hook", [("", "No: by hand"), *((name, name) for name in hooks)])


class NewSystem(ChangeSystem):
    """Another system."""

    name = forms.CharField(label="What is it called?", max_length=120, help_text="Microsoft 365, VPN, badge of City Hall …")
    field_order = ("name",)


class GiveAccess(forms.Form):
    """Several people at once, one a line."""

    people = forms.CharField(
        label="Who gets in?",
        help_text="One person a line: personnel number, a blank, and the name that they have there.",
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=400_000,
    )
    reason = text_field("Reason", "At least 20 characters. It is kept for ever.", min_length=20)

    def people_and_logins(self) -> list[tuple[Person, str]]:
        """Raises Unusable with the first line that cannot be read."""
        lines = [line.split(None, 1) for line in self.cleaned_data["people"].splitlines() if line.strip()]
        if len(lines) > MAX_LINES:
            raise Unusable("Too many lines.", {"people": f"At most {MAX_LINES} lines."})
        people = {p.uid: p for p in Person.objects.filter(uid__in=[line[0] for line in lines])}
        for number, line in enumerate(lines, 1):
            if len(line) != 2 or line[0] not in people:
                problem = "has no name behind the number" if len(line) != 2 else f"names {line[0][:60]!r}, whom nobody knows"
                raise Unusable("A line cannot be read.", {"people": f"Line {number} {problem}."})
        return [(people[uid], login.strip()) for uid, login in lines]
