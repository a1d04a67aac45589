"""Errors that stop an import; a single message that cannot be imported is listed and counted instead.

UsageError
└── NoSuchPath       a named path does not exist
CivicmailError
├── NotBalanced      the archive lacks what was imported
├── MailboxRefused   another system does not open a mailbox for us
│   └── SignInRefused   nor lets us sign in at all
└── BadServer        another system violates its protocol
LaterError
├── ImportRunning    another import holds the lease
├── SourceAway       another system did not answer in time
└── DiskFull
    └── NoRoomToImport  too little space would stay free on the volume
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError, UsageError
from civicmail.core.disk.errors import DiskFull


class NoSuchPath(UsageError):
    """A path that was named is not there."""


class NotBalanced(CivicmailError):
    """The archive lacks items that were counted as stored or known."""

    exit_code = 1


class MailboxRefused(CivicmailError):
    """A mailbox of another system cannot be opened, or read: no permission, or no such mailbox. The others can."""

    exit_code = 1


class SignInRefused(MailboxRefused):
    """Another system takes neither password nor token for this mailbox."""


class BadServer(CivicmailError):
    """Another system does not answer as its protocol demands; waiting would not help."""

    exit_code = 1


class SourceAway(LaterError):
    """Another system did not answer in time. Messages imported before stay archived."""


class ImportRunning(LaterError):
    """Another import is running on this data folder: both could take an occurrence for new."""


class NoRoomToImport(DiskFull):
    """Less than `gateway.min_free` would stay free on the archive's volume. Messages stored before stay archived."""
