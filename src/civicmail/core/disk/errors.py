"""Errors of storage.

LaterError
├── LeaseHeld        another process has the lease
├── DiskFull         there is no room for what must be kept
└── JournalEnded     a write or sync failed: nothing more can be trusted to this journal
CivicmailError
└── DamagedFile      bytes that were synced are not there any more, or not as they were
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
