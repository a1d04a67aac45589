"""The reports in a file, whatever it is by its first bytes: XML, JSON, gzip or zip of one, or a message that brings it. Pure; runs
in the limited process, under a budget."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from civicmail.core.message import message_parser
from civicmail.core.sandbox.budget import Budget
from civicmail.core.sandbox.errors import DAMAGED, ENCRYPTED, TOO_LARGE, Unreadable
from civicmail.mail.screening.reports import aggregate, tls
from civicmail.mail.screening.reports.shapes import Report

MAX_EXPANDED = 64 << 20
"""Bytes of one report; the largest known has 12 million."""
MAX_MEMBERS = 20
MAX_DEPTH = 4
_PIECE = 1 << 16


def reports(content: bytes, budget: Budget, depth: int = 0) -> Iterator[Report]:
    """All reports in a file. Raises Unreadable if there is none, or if the only one is invalid."""
    if depth > MAX_DEPTH:
        raise Unreadable(DAMAGED)
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if content[:2] == b"\x1f\x8b":
        yield from reports(_gunzip(content, budget), budget, depth + 1)
    elif content[:4] == b"PK\x03\x04":
        yield from _each(_members(content, budget), budget, depth)
    elif start[:1] == b"<":
        yield aggregate.read(content, budget.tick)
    elif start[:1] == b"{":
        yield tls.read(content)
    else:
        yield from _each((part.content for part in message_parser.parse(content).parts if part.content), budget, depth)


def _each(contents: Iterator[bytes], budget: Budget, depth: int) -> Iterator[Report]:
    """The reports among the files; an invalid one does not hide the others."""
    wrong, has_report = Unreadable(DAMAGED), False
    for content in contents:
        try:
            for report in reports(content, budget, depth + 1):
                has_report = True
                yield report
        except Unreadable as error:
            wrong = error
    if not has_report:
        raise wrong


def _gunzip(content: bytes, budget: Budget) -> bytes:
    engine, out, size = zlib.decompressobj(31), [], 0
    try:
        for at in range(0, len(content), _PIECE):
            budget.tick()
            piece = engine.decompress(content[at : at + _PIECE], MAX_EXPANDED + 1)
            size += len(piece)
            if size > MAX_EXPANDED:
                raise Unreadable(TOO_LARGE)
            out.append(piece)
    except zlib.error:
        raise Unreadable(DAMAGED) from None
    return b"".join(out)


def _members(content: bytes, budget: Budget) -> Iterator[bytes]:
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        for info in archive.infolist()[:MAX_MEMBERS]:
            budget.tick()
            if info.is_dir():
                continue
            if info.flag_bits & 1:
                raise Unreadable(ENCRYPTED)
            with archive.open(info) as member:
                data = member.read(MAX_EXPANDED + 1)
            if len(data) > MAX_EXPANDED:
                raise Unreadable(TOO_LARGE)
            yield data
    except Unreadable:
        raise
    except Exception as error:  # zipfile and zlib have many kinds of failure without a common root
        raise Unreadable(DAMAGED) from error
