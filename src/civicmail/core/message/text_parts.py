"""Text parts of a message, opened so that their bytes can be replaced (edits.py). Pure.

Signed and encrypted content has none (RFC 1847, RFC 8551, RFC 4880): any change breaks its signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from civicmail.core.message import edits, header_block, link_places, mime_tree, transfer_encoding
from civicmail.core.message.edits import Change, Edit, Encoded
from civicmail.core.message.header_block import Buffer

_SEALED = ("multipart/signed", "multipart/encrypted")
_TEXTS = frozenset({"text/plain", "text/html"})
MOST = 16
"""Text parts of one message that are opened; the message of a person has two."""
LEVELS = 4
"""Nesting of messages that is read."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """offset: of its encoded bytes in the message."""

    encoded: Encoded
    is_html: bool
    offset: int

    @property
    def content(self) -> bytes:
        return self.encoded.content

    def changes(self, requested: list[Edit]) -> Iterator[Change]:
        """Changes for these edits. requested: in any order; an edit inside another is left out."""
        clear: list[Edit] = []
        for edit in sorted(requested, key=lambda e: (e.start, e.end)):
            if not clear or edit.start >= clear[-1].end:
                clear.append(edit)
        return edits.changes(self.encoded, clear, self.offset)


def opened(raw: Buffer, *, attached: bool = False) -> list[TextPart]:
    """The text parts of a message in their order, without those of files; attached: also of messages that are attached to it."""
    return list(islice(_parts(raw, 0, LEVELS if attached else 0), MOST))


def _parts(raw: Buffer, offset: int, levels: int) -> Iterator[TextPart]:
    """offset: of these bytes in the whole message; levels: nesting of attached messages that is read."""
    head = header_block.read(raw, 0, len(raw), [], top=True)
    sealed: list[str] = []
    for node in mime_tree.walk(raw, head, 0, mime_tree.Budget(len(raw)), []):
        if node.content_type in _SEALED:
            sealed.append(f"{node.path}.")
        if any(node.path.startswith(path) for path in sealed):
            continue
        if levels and node.letter and not node.first_piece and node.encoding in transfer_encoding.IDENTITY:
            yield from _parts(bytes(raw[node.start : node.end]), offset + node.start, levels - 1)
        if node.content_type not in _TEXTS or node.attachment or not link_places.keeps_ascii(node.charset):
            continue
        if (encoded := edits.opened(bytes(raw[node.start : node.end]), node.encoding)) is not None:
            yield TextPart(encoded, node.html, offset + node.start)
