"""Where a message lay, counted so that equal bytes in one folder are told apart: the occurrence that makes it known next time."""

from __future__ import annotations

from collections import defaultdict

from civicmail.mail.archive.records import Occurrence


class Ordinals:
    """Gives out ordinals of equal bytes within a folder. A folder may be left and entered again: its counts go on."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._folders: dict[tuple[str, str], dict[bytes, int]] = defaultdict(dict)

    def next(self, folder: str, sha256: bytes, owner: str = "") -> Occurrence:
        """The occurrence of one more message with these bytes in this folder. owner: whose it is, where that is known of each."""
        owner = owner or self.owner
        seen = self._folders[owner, folder]
        ordinal = seen.get(sha256, 0)
        seen[sha256] = ordinal + 1
        return Occurrence(owner, folder, ordinal)
