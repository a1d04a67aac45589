"""What goes wrong when released files are derived.

CivicmailError
└── NotConverted    a file, or the words of one, cannot be shown as a Document or set as a released file
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError


class NotConverted(CivicmailError):
    """One sentence: why, and what the reviewer can do."""

    exit_code = 1
    http = 422
