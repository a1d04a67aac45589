"""Errors of the guard and of acts.

RefusedError
├── NotPermitted        the asker may not see or do this
├── Conflict            it cannot be done as things stand: somebody was faster, a rule of the table says no
│   └── AlreadyTaken    the number or name is somebody else's
└── BadToken            a token of the sign-in is not good, or not for us
LaterError
├── NotRecorded         what would be shown cannot be recorded now, so it is not shown (E6)
└── FeedHeld            the brake of a feed: a person has to decide first (L7)
UsageError
└── Unusable            of city/directory: what was typed cannot be used; `fields` says where
"""

from __future__ import annotations

from civicmail.city.directory.errors import Unusable as Unusable
from civicmail.city.directory.feed_diff import FeedResult
from civicmail.core.config.errors import LaterError, RefusedError


class NotPermitted(RefusedError):
    """This person may not look at content or do this in this installation, or not like this (P-16, P-17)."""


class Conflict(RefusedError):
    """The state is no longer the one that the asker saw, or the table of states has no such step."""

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
    """The token is forged, over, for somebody else, or does not say who signs in (RFC 7628)."""

    smtp = "535 5.7.8 The token was not accepted"
    http = 401
