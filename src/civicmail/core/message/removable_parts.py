"""Parts that can be removed from a message while every other byte stays, as byte ranges (RFC 2046 5.1). Pure.

Excluded are signed and encrypted parts (RFC 1847, RFC 8551, RFC 3156), parts of a split message, files inside another part that are
not MIME (a file of a winmail.dat, a uuencoded one), and alternatives of the same text, because the replacement would be displayed
instead of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.core.message import header_block, mime_tree, transfer_encoding
from civicmail.core.message.header_block import Buffer

LEVELS = 4
"""Nesting of messages that is searched."""
_SEALED = frozenset({"multipart/signed", "multipart/encrypted"})
_FORMS = "multipart/alternative"


@dataclass(frozen=True, slots=True)
class Place:
    """One part: header and body are at [start, end). path: from the outside, such as "1.2/1.1"; name: of the file, "" without
    one."""

    path: str
    start: int
    end: int
    name: str


def places(raw: Buffer) -> dict[str, Place]:
    """By their paths. Never raises; linear in the size of the message."""
    return {place.path: place for place in _places(raw, 0, "", LEVELS)}


def _places(raw: Buffer, offset: int, above: str, levels: int) -> Iterator[Place]:
    """offset: of these bytes in the whole message; above: path of this message, with its slash."""
    head = header_block.read(raw, 0, len(raw), [], top=True)
    kinds: dict[str, str] = {}
    sealed: list[str] = []
    for node in mime_tree.walk(raw, head, 0, mime_tree.Budget(len(raw)), []):
        kinds[node.path] = node.content_type
        if node.content_type in _SEALED:
            sealed.append(f"{node.path}.")
        if node.container or any(node.path.startswith(path) for path in sealed):
            continue
        if levels and node.letter and not node.first_piece and node.encoding in transfer_encoding.IDENTITY:
            inner = bytes(raw[node.start : node.end])
            yield from _places(inner, offset + node.start, f"{above}{node.path}/", levels - 1)
        holder = node.path.rpartition(".")[0]
        if holder and kinds[holder] != _FORMS:
            yield Place(above + node.path, offset + node.block.start, offset + node.end, node.filename)
