"""What can go wrong in the archive.

CivicmailError
├── NotInArchive      nothing is kept under this id
└── KeyMissing        a key that is needed is not in the keyring
UsageError
└── NoId              these words can name no capture

Damaged bytes are core.disk's DamagedFile; a missing permit is access's NotPermitted.
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, ConfigError, UsageError


class NotInArchive(CivicmailError):
    """Nothing is kept under this id, or not any more."""

    exit_code = 1
    http = 404


class NoId(UsageError):
    """The words are neither a capture id nor a SHA-256 nor a prefix of at least twelve digits of either."""


class KeyMissing(ConfigError):
    """The keyring lacks the key of a segment, or the master key that opens it; `civicmail keys` says what to do."""
