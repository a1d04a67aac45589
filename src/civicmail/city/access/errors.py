"""Why the guard said no.

RefusedError
└── NotPermitted        the asker may not see content here
"""

from __future__ import annotations

from civicmail.core.config.errors import RefusedError


class NotPermitted(RefusedError):
    """This person may not look at content in this installation, or not like this (P-16, P-17)."""
