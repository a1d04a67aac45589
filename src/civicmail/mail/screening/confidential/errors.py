"""What is wrong with a list of values that are looked up alone.

RefusedError
└── ListUnusable    it is damaged, of another key, not there, or its name or file is none
"""

from __future__ import annotations

from civicmail.core.config.errors import RefusedError


class ListUnusable(RefusedError):
    """The message says which list, and what is wrong with it."""
