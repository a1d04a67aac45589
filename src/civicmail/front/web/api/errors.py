"""API errors raised before the guard is asked.

RefusedError
├── NoToken           nobody who could be let in: no token, or one that opens nothing
├── OutOfScope        the token was not made for this
└── NotMatched        what is to be changed is no longer what the asker saw (RFC 9110, If-Match)
UsageError
└── KeyUsed           an Idempotency-Key stands for another request already
LaterError
└── TooMany           the token has asked too often
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError, RefusedError, UsageError


class NoToken(RefusedError):
    """One sentence for every reason, so that none is learnt."""

    http = 401


class OutOfScope(RefusedError):
    """scope: which one is missing (RFC 6750)."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This token was made without {scope}; make another one on the page My devices.")
        self.scope = scope


class NotMatched(RefusedError):
    """Read again, look, and decide anew."""

    http = 412


class KeyUsed(UsageError):
    """A program has a bug: two requests have one key."""

    http = 422


class TooMany(LaterError):
    """seconds: after which it may ask again."""

    http = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(f"This token has asked too often; ask again in {seconds} seconds.")
        self.seconds = seconds
