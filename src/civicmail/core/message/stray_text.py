"""Text outside of all parts: lines in the header that are not fields, and text around the parts of a multipart.

MIME readers skip both (RFC 2046 5.1.1); other readers show them, and a search must find them. Pure, linear.
"""

from __future__ import annotations

import re

from civicmail.core.message import defect_codes, header_block
from civicmail.core.message.header_block import Buffer, HeaderBlock
from civicmail.core.message.mime_tree import Node
from civicmail.core.message.model import AROUND, STRAY, Defect

USUAL_MOST = 600
"""Bytes of text that programs put around parts; longer text is a person's."""
_SAYS = re.compile(rb"[0-9A-Za-z\x80-\xff]")
_USUAL = frozenset({
    b"this is a multi-part message in mime format",
    b"this is a multipart message in mime format",
    b"this is a multi-part mime message",
    b"this is a multipart mime message",
    b"this is a mime-encapsulated message",
    b"this is a mime encapsulated message",
    b"this is a mime-formatted message",
    b"this is a mime multipart message",
    b"this is a mime message",
    b"this is a message with multiple parts in mime format",
    b"this message is in mime format",
    b"this is a cryptographically signed message in mime format",
    b"this is an openpgp/mime signed message (rfc 2440 and 3156)",
    b"this is an openpgp/mime signed message (rfc 4880 and 3156)",
    b"this is an openpgp/mime encrypted message (rfc 2440 and 3156)",
    b"this is an openpgp/mime encrypted message (rfc 4880 and 3156)",
    b"this message is in mime format. since your mail reader does not understand this format, some or all of this message may not"
    b" be legible",
    b"this message is in mime format. the first part should be readable text, while the remaining parts are likely unreadable"
    b" without mime-aware tools",
    b"this message is in mime format. the first part should be readable text, while the remaining parts are likely unreadable"
    b" without mime-aware tools. send mail to mime@docserver.cac.washington.edu for more info",
    b"this is a multimedia message in mime format. if you are reading this prefix, your mail reader does not understand mime. you"
    b" may wish to look into upgrading to a newer version of your mail reader",
    b"this is a mime-formatted message. if you see this text it means that your e-mail software does not support mime-formatted"
    b" messages",
    b"this is a message in multipart mime format. your mail client should not be displaying this. consider upgrading your mail"
    b" client to view this message correctly",
})  # fmt: skip
"""Texts of programs for readers without MIME, in lower case, on one line, without the last period; they are not content."""


def stray_parts(raw: Buffer, nodes: list[Node], defects: list[Defect]) -> list[Node]:
    """Both, as parts of their own behind the others, so that no reader of parts misses a word of them. Words around the parts are a
    defect. nodes: of a message."""
    out: list[Node] = []
    if any(defect.code == defect_codes.HEADER_LINE for defect in defects) and (lines := _lines(nodes)):
        at = nodes[0].block.start
        out.append(_node(STRAY, nodes[0], at, at, lines))
    gaps = [(start, end) for node in nodes for start, end in node.gaps if _has_words(raw, start, end)]
    if gaps:
        defects.append(Defect(defect_codes.OUTSIDE_PARTS, gaps[0][0]))
        outside_text = b"\n".join([raw[start:end] for start, end in gaps])
        out.append(_node(AROUND, nodes[0], gaps[0][0], gaps[-1][1] if len(gaps) == 1 else gaps[0][0], outside_text))
    return out


def _lines(nodes: list[Node]) -> bytes:
    return b"\n".join([lines for node in nodes if (lines := header_block.stray(node.block.data))])


def _has_words(raw: Buffer, start: int, end: int) -> bool:
    """Whether the text has words in it."""
    if end - start <= USUAL_MOST:
        line = b" ".join(raw[start:end].split()).lower()
        return line.rstrip(b". ") not in _USUAL and _SAYS.search(line) is not None
    return _SAYS.search(raw, start, end) is not None


def _node(path: str, top: Node, start: int, end: int, content: bytes) -> Node:
    nothing = HeaderBlock(start, start, start, b"\n", {})
    return Node(path, top.depth, nothing, "text/plain", {}, "inline", "", "", start, end, content=content, stray=True)
