"""What can go wrong with an index. None of it loses mail: every index can be rebuilt from the archive.

LaterError
├── NotIndexed       there is no index yet, or it was made by another version
└── DamagedIndex     an index folder cannot be opened
"""

from __future__ import annotations

from civicmail.core.config.errors import LaterError


class NotIndexed(LaterError):
    """Nothing can be searched yet; the message says which command or process makes it so."""


class DamagedIndex(LaterError):
    """An index cannot be opened; "civicmail rebuild index" makes it new from the archive."""
