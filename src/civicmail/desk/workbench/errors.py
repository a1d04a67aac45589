"""Errors of the workbench.

CivicmailError
└── OutOfScope        nothing is archived under this id within the mandate's scope
LaterError
└── NotProvedYet      no signed checkpoint covers all of an export yet
RefusedError
└── Stopped           an export ends before it is complete: it was stopped, or its mandate ended
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError, RefusedError


class OutOfScope(CivicmailError):
    """The capture is absent or outside the mandate: the same sentence for both, so that nobody learns what is outside (E5)."""

    exit_code = 1
    http = 404


class NotProvedYet(LaterError):
    """The messages are written; the ledger signs its next checkpoint soon."""


class Stopped(RefusedError):
    """The export was stopped, or the requester lost the right to see the mail."""

    http = 409
