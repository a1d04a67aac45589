"""Errors of signed links.

RefusedError
└── BadLink     it is not ours, was changed, or has another purpose
    └── OldLink it has expired
"""

from __future__ import annotations

from civicmail.core.config.errors import RefusedError


class BadLink(RefusedError):
    """The link was not made here, or was altered."""

    http = 404

    def __init__(self, text: str = "This link was not made by the city's mail, or it was changed on its way.") -> None:
        super().__init__(text)


class OldLink(BadLink):
    """The link was ours, and its time is over."""

    http = 410

    def __init__(self) -> None:
        super().__init__("This link is too old. Open the message in My mail instead.")
