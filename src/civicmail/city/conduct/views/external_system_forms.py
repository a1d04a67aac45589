"""Forms about external systems."""

from __future__ import annotations

from django import forms

from civicmail.city.directory.models import Person
from civicmail.city.guard.errors import Unusable
from civicmail.city.pages.forms import text_field

MAX_LINES = 5000


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
