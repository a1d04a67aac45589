"""Why something of a message is not shown.

CivicmailError
└── Unshown    a file or a look could not be taken out of the message; the whole of it can still be downloaded
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError


class Unshown(CivicmailError):
    """The bytes are kept and whole; it is their reading that failed."""

    exit_code = 1
    http = 422
