"""Errors of the workbench.

CivicmailError
└── OutOfScope        no capture has this id within the examination's scope
    └── NotCleared    it is privileged, and the city attorney has not cleared it
LaterError
└── NotProvedYet      no signed checkpoint covers all of an export yet
RefusedError
└── Stopped           an export ends before it is complete: it was stopped, or its examination ended
"""

from __future__ import annotations

from collections.abc import Sequence

from civicmail.core.config.errors import CivicmailError, LaterError, RefusedError


class OutOfScope(CivicmailError):
    """The capture is missing or outside the scope: the same sentence for both, so that the answer reveals nothing outside it
    (E5)."""

    exit_code = 1
    http = 404


class NotCleared(OutOfScope):
    """The capture is within the scope and privileged. kinds: of privilege.KINDS (E7)."""

    http = 403

    def __init__(self, message: str, kinds: Sequence[str]) -> None:
        super().__init__(message)
        self.kinds = kinds


class NotProvedYet(LaterError):
    """The messages are written; the ledger signs its next checkpoint soon."""


class Stopped(RefusedError):
    """The export was stopped, or the requester lost the right to see the mail."""

    http = 409
