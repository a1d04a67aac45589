"""Secrets that are shown once: invitations, tokens, and the two halves of a sign-in letter (P-07).

An invitation opens a sign-in once, a token opens the command line of a claimed installation, a feed token belongs to a personnel
system; a letter and a counterpart are halves that open a sign-in together (decision 0089). One kind is never accepted as another,
nor as a device password, because the HMAC includes the kind.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Literal

from civicmail.city.snapshot.credentials import new_password, normalize

Kind = Literal["invitation", "token", "feed"]
_PREFIX: dict[Kind, str] = {"invitation": "", "token": "cmt-", "feed": "cmf-"}

_SHAPE = re.compile(r"(?:[0-9a-hjkmnp-tv-z]{4}-){6}[0-9a-hjkmnp-tv-z]{4}\Z")


HALF_GROUPS = 4
"""Groups of a half: 80 random bits, which nobody guesses at a page, and which a person types from paper."""


def new_half() -> str:
    """One half of a sign-in secret, as it is printed or spoken."""
    return new_password(HALF_GROUPS)


def seal_half(half: Literal["letter", "counterpart"], key: bytes, typed: str) -> str:
    """The stored form of a half: independent of how it is typed, with or without dashes, o for 0, i and l for 1."""
    return hmac.digest(key, f"{half}\0{normalize(typed)}".encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def new_secret(kind: Kind) -> str:
    """140 random bits in text form. The prefix of a token names its kind, so that secret scanners detect it where it does not
    belong."""
    return f"{_PREFIX[kind]}{new_password()}"


def has_shape(kind: Kind, text: str) -> bool:
    """Whether a text has the shape of a secret; others need no lookup."""
    return _SHAPE.match(text.strip().lower().removeprefix(_PREFIX[kind])) is not None


def seal(kind: Kind, key: bytes, text: str) -> str:
    """The stored form of a secret. key: of the installation (credentials.device_key)."""
    return hmac.digest(key, f"{kind}\0{text.strip().lower()}".encode("utf-8", "surrogatepass"), hashlib.sha256).hex()
