"""What can stop an import as a whole; a single message that cannot be taken is listed and counted instead.

UsageError
└── NoSuchPath       a path that was named is not there
CivicmailError
└── NotBalanced      the archive lacks what was imported
LaterError
└── ImportRunning    another import holds the lease
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, LaterError, UsageError


class NoSuchPath(UsageError):
    """A path that was named is not there."""


class NotBalanced(CivicmailError):
    """Items that were stored or known are not in the archive when it is asked again."""

    exit_code = 1


class ImportRunning(LaterError):
    """Another import is running on the same data folder: two at once could both take an occurrence for new."""
