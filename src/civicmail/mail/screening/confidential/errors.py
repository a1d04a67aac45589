"""Errors of exact data match lists.

RefusedError
└── ListUnusable    the list is damaged, of another key or absent, or its name or file is invalid
"""

from __future__ import annotations

from civicmail.core.config.errors import RefusedError


class ListUnusable(RefusedError):
    """The message names the list and the problem."""
