"""Password rules: not leaked, not made of words of the city (P-07; SP 800-63B, 3.1.1.2). No rules about characters."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from civicmail.city.directory.models import Department
from civicmail.city.guard.models import Account
from civicmail.city.guard.roles import ROLES

LISTED = Path(__file__).parent / "leaked.bin"
"""Beginnings of SHA-256 of leaked passwords in small letters, sorted (tools/leaked_passwords.py)."""
KEPT = 5
"""Bytes of each."""
SHORTEST = 4
"""Letters of the shortest word that counts."""
LEFT = 8
"""Letters that a password must have beside words of the city."""
_OWN = ("civicmail", "password", "passwort", "contraseña", "contrasena", "mail", "email", "city", "town", "hall", "welcome")
_LETTERS = re.compile(r"[^\W\d_]+")


def is_leaked(password: str) -> bool:
    """Whether this password, in small letters, is on the list."""
    listed, digest = _listed(), hashlib.sha256(password.casefold().encode("utf-8", "surrogatepass")).digest()[:KEPT]
    at = bisect_left(range(len(listed) // KEPT), digest, key=lambda n: listed[n * KEPT : n * KEPT + KEPT])
    return listed[at * KEPT : at * KEPT + KEPT] == digest


@cache
def _listed() -> bytes:
    return LISTED.read_bytes()


def context_words(account: Account | None = None) -> set[str]:
    """Words that a local guesser tries first: program, city, domains, departments, roles, and the person's names, number and
    login; lower case."""
    city = settings.CITY.city
    texts = [*_OWN, city.name, *city.domains, *ROLES, *(str(d.name) for d in ROLES.values())]
    texts += [text for row in Department.objects.values_list("name", "code") for text in row]
    if account is not None:
        who = account.person
        texts += [account.username, who.uid, who.given, who.family, who.display]
    return set(_words(texts))


def _words(texts: Iterable[str]) -> Iterable[str]:
    return (word for text in texts for word in _LETTERS.findall(text.casefold()) if len(word) >= SHORTEST)


def letters_beside(password: str, words: Iterable[str]) -> int:
    """Letters that are left of a password without these words, longest first."""
    left = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, " ")
    return sum(len(part) for part in _LETTERS.findall(left))


class NotLeaked:
    """A validator of Django's: no password that is known from leaks."""

    def validate(self, password: str, user: Account | None = None) -> None:
        if is_leaked(password):
            raise ValidationError(_("This password is on lists of leaked ones, so it is tried first. Choose another one."))

    def get_help_text(self) -> str:
        return _("It may not be on lists of leaked passwords.")


class BesideWordsOfTheCity:
    """A validator of Django's: more than words of the city and of the person."""

    def validate(self, password: str, user: Account | None = None) -> None:
        words, typed = context_words(user), password.casefold()
        if any(word in typed for word in words) and letters_beside(password, words) < LEFT:
            raise ValidationError(
                _("This is mostly names of the city, its departments or yourself. Add words that nobody guesses.")
            )

    def get_help_text(self) -> str:
        return _("It may not be mostly names of the city, its departments or yourself.")
