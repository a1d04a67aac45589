"""Errors of showing a part of a message.

CivicmailError
└── Unshown    a file or a view could not be made; the whole message can still be downloaded
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError


class Unshown(CivicmailError):
    """The archived bytes are complete; reading them failed."""

    exit_code = 1
    http = 422
