"""What can stop an import as a whole; a single message that cannot be taken is listed and counted instead.

UsageError
└── NoSuchPath       a path that was named is not there
LaterError
└── ImportRunning    another import holds the lease
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError, UsageError


class NoSuchPath(UsageError):
    """A path that was named is not there."""


class ImportRunning(LaterError):
    """Another import is running on the same data folder: two at once could both take an occurrence for new."""
