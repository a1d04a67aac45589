"""Recover the index of an Outlook data file without its trees, from leaf pages anywhere in the file, newest first.

Outlook writes a changed page to another place, so a file has old pages too.
Pages with a valid checksum come before those without, and among them the last written one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from civicmail.mail.importers.pst_file import PstFile

_PIECE = 1 << 24
_MAX_ENTRIES = 4_000_000  # entries retained


def leaves(file: PstFile, kind: int) -> dict[int, tuple[int, ...]]:
    """Key to entry. kind: of the pages, of nodes or of blocks."""
    size, at = file.layout.page, file.layout.trailer_at
    looked_for = re.compile(re.escape(bytes([kind])))
    ranked: dict[int, tuple[tuple[bool, int], tuple[int, ...]]] = {}
    for start in range(0, file.size // size * size, _PIECE):
        piece = file.bytes(start, min(_PIECE, file.size // size * size - start))
        for match in looked_for.finditer(piece[at::size]):
            page = file.page(piece[match.start() * size : (match.start() + 1) * size], kind)
            if page is None or page.level or len(ranked) > _MAX_ENTRIES:
                continue
            rank = (page.sure, page.written)
            for entry in page.entries:
                if entry[0] not in ranked or ranked[entry[0]][0] < rank:
                    ranked[entry[0]] = (rank, entry)
    return {key: entry for key, (_, entry) in ranked.items()}
