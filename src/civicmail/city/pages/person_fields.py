"""Form fields for one person and for several: a name, a personnel number or an address, completed while typing.

components/field.html shows them; cm.js completes; without script the form asks which of the people that fit is meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, ngettext

from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import ANONYMOUS, Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import person_search

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_HINT = gettext_lazy("Name, personnel number or address.")
_HINT_SEVERAL = gettext_lazy("Names, personnel numbers or addresses, one a line.")
_OTHER = "?"
"""The choice of none of those who fit."""


class PersonInput(forms.TextInput):
    """A person in one line. completed_by: the name of the address that says who fits (components/field.html)."""

    completed_by = "people-complete"

    def format_value(self, value: Any) -> Any:
        return person_search.lines([value])[0] if value else value


class PeopleInput(forms.Textarea):
    """People, one a line."""

    completed_by = "people-complete"
    several = True

    def format_value(self, value: Any) -> Any:
        return "\n".join(person_search.lines(value.splitlines())) if value else value


class _DirectoryField(forms.CharField):
    """actor: whose sight of the directory decides which names are known (set_actor)."""

    hint: StrOrPromise

    def __init__(self, *, actor: Actor = ANONYMOUS, help_text: StrOrPromise = "", **kwargs: Any) -> None:
        super().__init__(help_text=format_lazy("{} {}", self.hint, help_text) if help_text else self.hint, **kwargs)
        self.actor = actor

    def find(self, words: str) -> tuple[Person | None, list[Person]]:
        """As person_search.find."""
        return person_search.find(words, self.actor, now=epoch_ms(timezone.now()))


class PersonField(_DirectoryField):
    """Its value is a Person, or None."""

    widget: Any = PersonInput
    hint = _HINT

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return "" if data == _OTHER else data

    def clean(self, value: Any) -> Person | None:
        words = super().clean(value).strip()
        if not words:
            return None
        person, fitting = self.find(words) if words != _OTHER else (None, [])
        if fitting[: person_search.MAX_OFFERED] == fitting != []:
            people = [(p.uid, f"{p.display}, {person_search.place(p)}") for p in fitting]
            self.widget = forms.RadioSelect(choices=[*people, (_OTHER, gettext("Somebody else"))])
        if person is None:
            raise forms.ValidationError(
                gettext("Write the name, personnel number or address.") if words == _OTHER else _unclear(words, fitting)
            )
        return person


class PeopleField(_DirectoryField):
    """Its value is a list of Person, each once, in order."""

    widget = PeopleInput(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})
    hint = _HINT_SEVERAL

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {}  # how many characters are left says nothing here

    def clean(self, value: Any) -> list[Person]:
        people, errors = [], []
        for words in filter(None, map(str.strip, super().clean(value).splitlines())):
            person, fitting = self.find(words)
            listed = [] if person or fitting else [person_search.find_exact(word) for word in re.split(r"[,;\s]+", words)]
            if person:
                people.append(person)
            elif listed and None not in listed:  # numbers or addresses in one line
                people += [one for one in listed if one]
            else:
                errors.append(_unclear(words, fitting, numbers=True))
        if errors:
            raise forms.ValidationError(errors)
        return list(dict.fromkeys(people))


def set_actor(form: forms.Form, actor: Actor) -> None:
    """Let the form's fields know whose sight of the directory they have."""
    for field in form.fields.values():
        if isinstance(field, _DirectoryField):
            field.actor = actor


def _unclear(words: str, fitting: Sequence[Person], *, numbers: bool = False) -> str:
    """Why the words name nobody. numbers: with the numbers of those who fit, where no list of choices follows."""
    shown = words[:80]
    if not fitting:
        return gettext("Nobody in the directory has the name, number or address “{words}”.").format(words=shown)
    if len(fitting) > person_search.MAX_OFFERED:
        return gettext("More than {count} people fit “{words}”. Write more of the name, or the number or address.").format(
            count=person_search.MAX_OFFERED, words=shown
        )
    count = len(fitting)
    if all(person.display.casefold() == words.casefold() for person in fitting):
        text = gettext("{count} people are called {words}: choose one.").format(count=count, words=shown)
    else:
        text = ngettext("{count} person fits “{words}”: choose.", "{count} people fit “{words}”: choose one.", count).format(
            count=count, words=shown
        )
    known = "; ".join(f"{p.uid} ({p.display}, {person_search.place(p)})" for p in fitting[:5])
    return f"{text} {gettext('Write the number: {people}.').format(people=known)}" if numbers else text
