"""What can stop an import as a whole; a single message that cannot be taken is listed and counted instead.

UsageError
└── NoSuchPath       a path that was named is not there
CivicmailError
└── NotBalanced      the archive lacks what was imported
LaterError
├── ImportRunning    another import holds the lease
└── DiskFull
    └── NoRoomToImport  less would stay free on the volume than has to
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError, UsageError
from civicmail.core.disk.errors import DiskFull


class NoSuchPath(UsageError):
    """A path that was named is not there."""


class NotBalanced(CivicmailError):
    """Items that were stored or known are not in the archive when it is asked again."""

    exit_code = 1


class ImportRunning(LaterError):
    """Another import is running on the same data folder: two at once could both take an occurrence for new."""


class NoRoomToImport(DiskFull):
    """Less would stay free on the volume of the archive than `gateway.min_free`. What was stored by then is kept."""
