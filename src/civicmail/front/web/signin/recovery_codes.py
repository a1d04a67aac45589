"""Recovery codes: ten of 120 random bits, used once, stored as keyed hashes (P-07).

Codes of older versions have eight digits and were stored encrypted. At their owner's next sign-in they become scrypt hashes
with a salt (RFC 7914).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import OfPerson
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.page import Page
from civicmail.city.snapshot.credentials import device_key, new_password, normalize
from civicmail.front.web.signin import step_up
from civicmail.front.web.signin.request_actor import account

COUNT, GROUPS = 10, 6
"""Codes of one person, and groups of four letters in each: 120 bits."""
HASHED, SLOW, SALT = "hashed", "slow", "salt"
"""Keys of what is kept: hashes of our codes; those of old ones, and their salt."""
_EMPTY: dict[str, list[str]] = {"migrated_codes": []}
"""allauth's own data, empty."""


def renew(who: Account) -> list[str]:
    """New codes, in the place of those from before; this is the only time that they can be shown."""
    made = [new_password(GROUPS) for _ in range(COUNT)]
    key = _key()
    data = {HASHED: [_mac(key, code) for code in made], **_EMPTY}
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=who.pk)
        Authenticator.objects.filter(user=who, type=Authenticator.Type.RECOVERY_CODES).delete()
        row = Authenticator.objects.create(user=who, type=Authenticator.Type.RECOVERY_CODES, data=data)
    authenticator_added.send(sender=Authenticator, request=None, user=who, authenticator=row)
    return made


def use(who: Account, typed: str) -> Authenticator | None:
    """The row whose code this is, which is gone from then on; None for a wrong one."""
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update()
        row: Authenticator | None = rows.filter(user=who, type=Authenticator.Type.RECOVERY_CODES).first()
        if row is None:
            return None
        fast, slow = _mac(_key(), typed), ""
        if row.data.get(SLOW):
            slow = _slow(typed, row.data[SALT])
        for kind, value in ((HASHED, fast), (SLOW, slow)):
            kept = row.data.get(kind, [])
            remaining = [hash_ for hash_ in kept if not hmac.compare_digest(hash_, value)]
            if len(remaining) < len(kept):
                row.data[kind] = remaining
                row.save(update_fields=["data"])
                return row
    return None


def harden(who: Account) -> None:
    """Keep old codes of this account as slow hashes from now on."""
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update()
        row: Any = rows.filter(user=who, type=Authenticator.Type.RECOVERY_CODES, data__has_key="seed").first()
        if row is None:
            return
        salt = secrets.token_hex(16)
        save_values(row, data={SLOW: [_slow(code, salt) for code in row.wrap().get_unused_codes()], SALT: salt, **_EMPTY})


def left(row: Authenticator | None) -> int:
    """How many are left."""
    return len(row.data.get(HASHED, [])) + len(row.data.get(SLOW, [])) if row is not None else 0


@acting("my.sessions")
@never_cache
def make(request: CityRequest) -> HttpResponse:
    """Make new recovery codes, shown once; for people with another factor."""
    require(request, "my.sessions", OfPerson(me(request).uid))
    who = account(request)
    crumbs = [(gettext("My sign-in"), reverse("my-sessions"))]
    has = bool(step_up.second_factors(who))
    if request.method == "POST" and has:
        page = Page(gettext("This is shown once"), gettext("My sign-in"), crumbs, once=True)
        return render(request, "signin/codes_shown.html", {"page": page, "codes": renew(who)})
    row = Authenticator.objects.filter(user=who, type=Authenticator.Type.RECOVERY_CODES).first()
    page = Page(gettext("Make new recovery codes"), gettext("My sign-in"), crumbs)
    return render(request, "signin/codes.html", {"page": page, "left": left(row), "has": has})


def _key() -> bytes:
    data = settings.DATA
    assert isinstance(data, Path), "recovery codes need a data folder"
    return device_key(data)


def _mac(key: bytes, code: str) -> str:
    return hmac.digest(key, b"recovery\0" + normalize(code).encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def _slow(code: str, salt: str) -> str:
    typed = code.strip().encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, maxmem=2**26).hex()
