"""Find accounts by login, and where sign-in is delayed (P-07; AC-7)."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import cast

from allauth.account.internal.userkit import get_user_by_username
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import require_row
from civicmail.city.guard.models import Account, Throttle
from civicmail.city.identity.throttle import MAX_STRANGER_FAILURES


def normalize(login: str) -> str:
    """A login as it is stored and compared: NFKC, lower case, without spaces around it."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def login_digest(login: str) -> str:
    """The digest of a login for failures, because it may be unknown, or a password typed into the wrong field."""
    return hashlib.sha256(normalize(login).encode("utf-8", "surrogatepass")).hexdigest()


def find_person(text: str) -> Person | None:
    """The person with this number in the directory, or this sign-in name; None if there is none, or two."""
    people = Person.objects.select_related("account")
    matching = {*people.filter(uid=text.strip()), *people.filter(account__username=normalize(text))}
    return matching.pop() if len(matching) == 1 else None


def person_named(text: str) -> Person:
    """The person whom an operator names. Raises Unusable if there is none."""
    return require_row(find_person(text), f"The directory has nobody who is {text}.")


def find_account(login: str) -> Account | None:
    """The account of a login, as the password check determines it: all names of an account count as one login. Two queries, also
    for an unknown login."""
    compared, kept = get_user_by_username(login), Account.objects.filter(username=normalize(login)).first()
    return cast("Account | None", compared or kept)


def locked_or_waiting(now: int) -> QuerySet[Account, Account]:
    """Accounts that are locked or delayed somewhere at this moment (waits_of)."""
    waits = Throttle.objects.filter(waiting(now)).order_by("kind", "network")
    rows = Account.objects.filter(Q(locked__isnull=False) | Exists(waits.filter(account=OuterRef("pk"))))
    return rows.select_related("person").prefetch_related(Prefetch("throttles", waits, to_attr="waits"))


def waiting(now: int) -> Q:
    """A filter for counters that delay a login at this moment, for new or known networks."""
    return Q(until__gt=from_ms(now)) | Q(kind="login", streak__gte=MAX_STRANGER_FAILURES)


def waits_of(account: Account, now: int) -> list[Throttle]:
    """The delays of this login at this moment; for an account of `held_up` without a query."""
    throttles: list[Throttle] | None = getattr(account, "waits", None)
    return list(account.throttles.filter(waiting(now)).order_by("kind", "network")) if throttles is None else throttles
