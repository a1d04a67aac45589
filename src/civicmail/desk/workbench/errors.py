"""What can go wrong at the workbench.

CivicmailError
└── OutOfScope        nothing is kept under this id inside the mandate's scope
LaterError
└── NotProvedYet      no signed checkpoint covers all of an export yet
RefusedError
└── Stopped           an export ends before it is whole: it was stopped, or its mandate is over
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError, RefusedError


class OutOfScope(CivicmailError):
    """The capture is not there or not within the mandate: one sentence for both, so that nobody learns what lies outside (E5)."""

    exit_code = 1
    http = 404


class NotProvedYet(LaterError):
    """The messages are written; the ledger signs its next checkpoint soon."""


class Stopped(RefusedError):
    """Somebody stopped the export, or who may see the mail has changed meanwhile."""

    http = 409
