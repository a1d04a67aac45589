"""Errors of storage.

LaterError
├── LeaseHeld        another process has the lease
├── DiskFull         there is no space for data that must be stored
└── JournalEnded     a write or sync failed: this journal cannot be written any more
CivicmailError
└── DamagedFile      bytes that were synced are missing or changed
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError


class LeaseHeld(LaterError):
    """Another process holds the lease; its job is being done there."""


class DiskFull(LaterError):
    """No room for what must be stored (RFC 3463 X.3.1)."""

    smtp = "452 4.3.1 Insufficient system storage"


class JournalEnded(LaterError):
    """A write or a sync failed, so the kernel may have dropped what it had promised; the writer must take another journal."""


class DamagedFile(CivicmailError):
    """Bytes on the disk differ from what was written; the message names the file, the place and the expected value."""

    exit_code = 1
