"""Number equal messages within a folder: the occurrence by which a message is recognized at the next import."""

from __future__ import annotations

from collections import defaultdict

from civicmail.mail.archive.records import Occurrence


class Ordinals:
    """Ordinals of equal bytes within a folder. A folder may be left and entered again: its counts continue."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._folders: dict[tuple[str, str], dict[bytes, int]] = defaultdict(dict)

    def next(self, folder: str, sha256: bytes, owner: str = "") -> Occurrence:
        """The occurrence of the next message with these bytes in this folder. owner: its custodian, if known for each message."""
        owner = owner or self.owner
        seen = self._folders[owner, folder]
        ordinal = seen.get(sha256, 0)
        seen[sha256] = ordinal + 1
        return Occurrence(owner, folder, ordinal)
