"""Errors of the workbench.

CivicmailError
└── OutOfScope        no capture has this id within the examination's scope
LaterError
└── NotProvedYet      no signed checkpoint covers all of an export yet
RefusedError
└── Stopped           an export ends before it is complete: it was stopped, or its examination ended
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError, RefusedError


class OutOfScope(CivicmailError):
    """The capture is missing or outside the scope: the same sentence for both, so that the answer reveals nothing outside it
    (E5)."""

    exit_code = 1
    http = 404


class NotProvedYet(LaterError):
    """The messages are written; the ledger signs its next checkpoint soon."""


class Stopped(RefusedError):
    """The export was stopped, or the requester lost the right to see the mail."""

    http = 409
