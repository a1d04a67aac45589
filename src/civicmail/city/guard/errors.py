"""Errors of the guard and of acts.

RefusedError
├── NotPermitted        the actor may not see or do this
├── Conflict            impossible in the present state: it has changed meanwhile, or a state table forbids it
│   └── AlreadyTaken    the number or name is taken
└── BadToken            a sign-in token is invalid, or not for us
LaterError
├── NotRecorded         a content view cannot be recorded now, so it is refused (E6)
└── FeedHeld            the deletion threshold of a feed: a person must decide first (L7)
UsageError
└── Unusable            of city/directory: invalid input; `fields` names the fields
"""

from __future__ import annotations

from civicmail.city.directory.errors import Unusable as Unusable
from civicmail.city.directory.errors import field_error as field_error
from civicmail.city.directory.errors import require_row as require_row
from civicmail.city.directory.errors import require_usable as require_usable
from civicmail.city.directory.feed_diff import FeedResult
from civicmail.core.config.errors import LaterError, RefusedError


class NotPermitted(RefusedError):
    """This person may not view content or perform this act in this installation, or not in this way (P-16, P-17)."""


class Conflict(RefusedError):
    """The state is no longer the one that the actor saw, or the state table has no such transition."""

    http = 409


class AlreadyTaken(Conflict):
    """Somebody else has this number or name already."""


class FeedHeld(LaterError):
    """A feed would end or change too many within a day; the access office decides, and the feed comes again (L7). line: what it
    would do."""

    def __init__(self, message: str, line: FeedResult) -> None:
        super().__init__(message)
        self.line = line


class NotRecorded(LaterError):
    """The entry could not be written, or the ledger lags (E6)."""


class BadToken(RefusedError):
    """The token is forged, expired, for another audience, or names no subject (RFC 7628)."""

    smtp = "535 5.7.8 The token was not accepted"
    http = 401
