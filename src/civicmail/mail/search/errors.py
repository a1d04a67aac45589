"""Errors of the index. None of them loses mail: every index can be rebuilt from the archive.

LaterError
├── IndexFailed      what was read could not be written; it will be read again
├── NoRoom           less is free on its volume than must stay so; it goes on once there is room
├── NotFinished      a search was ended before it had looked at everything, or was not begun
├── NotIndexed       there is no index yet, or it was made by another version
└── DamagedIndex     an index folder cannot be opened
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError


class NotIndexed(LaterError):
    """Nothing can be searched yet; the message says which command or process makes it so."""


class DamagedIndex(LaterError):
    """An index cannot be opened; "civicmail rebuild index" makes it new from the archive."""


class IndexFailed(LaterError):
    """An index writer has died, most often of a full disk. Everything since its last commit is read again from the journals."""


class NoRoom(LaterError):
    """The index is not written now, because less is free on its volume than has to be. Nothing is lost: it is read later."""


class NotFinished(LaterError):
    """A search was ended, or had no turn; the message says which, and what to do."""
