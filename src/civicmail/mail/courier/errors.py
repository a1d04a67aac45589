"""Errors between the courier and a next hop.

LaterError
├── HopDown           the next hop itself cannot be used now; no message is to blame
└── LinkLost          the connection ended in the middle of a message
ConfigError
└── BadHop            the settings name something that is no next hop
DamagedFile
└── NotAsApproved     the files that would leave are not the approved ones
"""

from __future__ import annotations

from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.disk.errors import DamagedFile


class HopDown(LaterError):
    """No connection, no greeting, no TLS where it is required: the mail for this hop waits without counting a try."""


class LinkLost(LaterError):
    """The connection ended or fell silent. asked: whether the next hop had the whole message and only its reply is missing."""

    def __init__(self, message: str, *, is_sent: bool = False) -> None:
        super().__init__(message)
        self.is_sent = is_sent


class BadHop(ConfigError):
    """Not maildir, smtp://host:port or lmtp://host:port."""


class NotAsApproved(DamagedFile):
    """The files of a copy are not exactly those that were approved, or one of them cannot be left out: the copy does not leave."""
