"""Header fields that reveal one recipient to another: names and sizes (RFC 5322 3.6.3, 3.6.6). Pure."""

from __future__ import annotations

import re

from civicmail.core.message import defect_codes, header_block
from civicmail.core.message.header_block import Buffer, HeaderBlock
from civicmail.core.message.model import Defect

NAMES = frozenset({b"bcc", b"resent-bcc", b"x-bcc", b"x-resent-bcc", b"x-original-bcc", b"blind-carbon-copy"})
"""Fields into which these programs write blind recipients."""

FOR_WHOM = frozenset({b"x-original-to", b"delivered-to", b"x-envelope-to", b"envelope-to", b"x-rcpt-to", b"x-gm-original-to"})
"""Above the first Received field of a copy for the archive: for whom it was, by the agent that made the copy."""

_REST = rb")[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+"
_BLIND = re.compile(rb"\n(?i:" + b"|".join(sorted(NAMES)) + _REST)
_FOR = re.compile(rb"\n(?i:" + b"|".join(sorted(FOR_WHOM)) + _REST)
_HOP = re.compile(rb"\n(?i:received)[ \t]*+:")
_CUT = frozenset(
    {
        defect_codes.HEADER_TOO_LARGE,
        defect_codes.MBOX_FROM_LINE,
        defect_codes.HEADER_LINE,
        defect_codes.HEADER_MISSING,
        defect_codes.SEPARATOR_MISSING,
    }
)
"""Defects after which the block may be shorter than the text before the first empty line."""


def sizes(raw: Buffer, head: HeaderBlock, defects: list[Defect]) -> tuple[int, int]:
    """Bytes of fields with blind recipients, and of fields with the recipient of a copy. head: the header block of the message,
    found: its defects. HOT: most mail has neither, and checking that takes two microseconds."""
    lines, cut = head.data, bool(defects) and any(defect.code in _CUT for defect in defects)
    if cut:
        end, _, cr_only = header_block.find_end(raw, head.start, len(raw))
        lines = b"\n" + raw[head.start : end]
        lines = lines.replace(b"\r", b"\n") if cr_only else lines
    blind = 0 if not cut and NAMES.isdisjoint(head.fields) else _length(_BLIND, lines)
    hop = lines.find(b"\nReceived:")
    if hop < 0 and (match := _HOP.search(lines)):
        hop = match.start()
    above = lines if hop < 0 else lines[:hop]
    return blind, _length(_FOR, above) if above else 0


def _length(fields: re.Pattern[bytes], lines: bytes) -> int:
    return sum(match.end() - match.start() for match in fields.finditer(lines))
