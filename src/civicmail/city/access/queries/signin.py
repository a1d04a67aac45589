"""Whether a sign-in may be tried at all, and what is known of it (P-07; AC-7)."""

from __future__ import annotations

import hashlib
import unicodedata

from django.conf import settings

from civicmail.city.access.models import Account, Failure
from civicmail.city.access.moments import moment, ms
from civicmail.city.directory.models import Person


def normal(login: str) -> str:
    """A login as it is kept and compared: NFKC, lower case, without spaces around it."""
    return unicodedata.normalize("NFKC", login).strip().lower()


def digest(login: str) -> str:
    """What failures keep of a login that may be anybody's, or a password typed into the wrong field."""
    return hashlib.sha256(normal(login).encode("utf-8", "surrogatepass")).hexdigest()


def person_named(text: str) -> Person | None:
    """The person with this number in the directory, or this sign-in name; None for nobody, and where two fit."""
    people = Person.objects.select_related("account")
    found = {*people.filter(uid=text.strip()), *people.filter(account__username=normal(text))}
    return found.pop() if len(found) == 1 else None


def failures_of(account: Account, now: int) -> int:
    """Failures of an account within the window, since it last succeeded. now: ms."""
    since = now - settings.CITY.signin.window * 1000
    if account.last_login is not None:
        since = max(since, ms(account.last_login))
    return Failure.objects.filter(account=account, at__gt=moment(since)).count()


def is_barred(login: str, client: str, now: int) -> bool:
    """Whether this login may not even be tried now: locked, or too many failures for it or from this address.

    A login that is nobody's is barred like one that is somebody's, so that the answer says nothing. Two or three short queries and
    no hashing of passwords: that is what 10,000 wrong ones cost.
    """
    since = moment(now - settings.CITY.signin.window * 1000)
    recent = Failure.objects.filter(at__gt=since)
    if client and recent.filter(client=client[:45]).count() >= settings.CITY.signin.per_address:
        return True
    account = Account.objects.filter(username=normal(login)).only("locked").first()
    if account is not None:
        return account.locked is not None
    return recent.filter(login=digest(login)).count() >= settings.CITY.signin.attempts
