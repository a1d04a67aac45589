"""Keys of the rules that the program itself applies, as records name them in dispositions. No key is ever changed."""

from __future__ import annotations

from typing import Final

DELIVER: Final = "deliver"
PASS_ELSEWHERE: Final = "pass-elsewhere"  # noqa: S105 - no password
"""The mail of the department is still in the other system."""
LISTED: Final = "expand-list"
SAME_MAILBOX: Final = "same-mailbox"
ACCESS_HELD: Final = "access-held"
ACCESS_CLOSED: Final = "access-closed"
ACCESS_ENDED: Final = "access-ended"
SECURE_REQUESTED: Final = "secure-asked"
SENT_PLAIN: Final = "sent-plain"
FORECAST_ONLY: Final = "asked-before-sending"
"""A question to check@, which nobody got."""
CONTAINED: Final = "contained"
"""The sender's account may be compromised (requirements, "Containment")."""
FILE_WAITS: Final = "file-waits"
"""A file waits for approval (P-22)."""
PULLED_BACK: Final = "pulled-back"
"""People removed the copy from its mailbox (P-31)."""
PENDING_TOO_LONG: Final = "pending-too-long"
"""A check was unavailable for too long: a person decides now."""
UNCHECKED: Final = "unchecked"
"""The mark of a copy that was delivered although a check was unavailable."""

UNAVAILABLE: Final = "unavailable:"
"""Prefix: the part of screening that was unavailable."""
NOTIFY: Final = "notify:"
SHADOW: Final = "shadow:"
FORECAST: Final = "forecast:"
"""Prefixes of rules without effect on a copy."""
NO_EFFECT: Final = (NOTIFY, SHADOW, FORECAST)
OF_MAILBOXES: Final = frozenset({ACCESS_HELD, ACCESS_CLOSED})
"""Rules that hold mail for a mailbox without a reader: it leaves by itself (mail/courier/release_holds.py)."""
