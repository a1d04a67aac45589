"""Errors of the index. None of them loses mail: every index can be rebuilt from the archive.

LaterError
├── IndexFailed      the records read could not be written; they will be read again
├── NoRoom           its volume has less free space than required; indexing continues once there is space
├── NotFinished      a search was stopped early, or could not start
├── NotIndexed       there is no index yet, or it was made by another version
└── DamagedIndex     an index folder cannot be opened
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError


class NotIndexed(LaterError):
    """There is no index to search yet; the message names the command or process that builds it."""


class DamagedIndex(LaterError):
    """An index cannot be opened; "civicmail rebuild index" makes it new from the archive."""


class IndexFailed(LaterError):
    """An index writer has died, most often of a full disk. Everything since its last commit is read again from the journals."""


class NoRoom(LaterError):
    """The index is not written now, because less is free on its volume than has to be. Nothing is lost: it is read later."""


class NotFinished(LaterError):
    """A search was stopped early, or could not start; the message says which, and what to do."""
