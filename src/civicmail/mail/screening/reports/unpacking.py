"""The reports in a file, whatever it is by its first bytes: XML, JSON, gzip or zip of one, or a message that brings it. Pure; runs
in the limited process, under a budget."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from civicmail.core.archives.archive import content_of, open_archive
from civicmail.core.archives.budget import Budget, Limits
from civicmail.core.archives.errors import DAMAGED, Unreadable
from civicmail.core.filetype.identify import identify
from civicmail.core.message import message_parser
from civicmail.mail.screening.reports import aggregate, tls
from civicmail.mail.screening.reports.sandbox import ReadReports
from civicmail.mail.screening.reports.shapes import Aggregate, Report, Tls

MAX_EXPANDED = 64 << 20
"""Bytes of one report; the largest known has 12 million."""
MAX_MEMBERS = 20
MAX_DEPTH = 4
LIMITS = Limits(member=MAX_EXPANDED)


def read(content: bytes, request: ReadReports) -> tuple[list[Aggregate], list[Tls]]:
    """The reports in a file, by kind. Raises Unreadable."""
    every = list(reports(content, Budget(LIMITS, request.seconds)))
    return [one for one in every if isinstance(one, Aggregate)], [one for one in every if isinstance(one, Tls)]


def reports(content: bytes, budget: Budget, depth: int = 0) -> Iterator[Report]:
    """All reports in a file. Raises Unreadable if there is none, or if the only one is invalid."""
    if depth > MAX_DEPTH:
        raise Unreadable(DAMAGED)
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    file_type = identify(content).name
    if file_type in {"gz", "zip"}:
        yield from _each(_members(content, file_type, budget), budget, depth)
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


def _members(content: bytes, file_type: str, budget: Budget) -> Iterator[bytes]:
    with open_archive(content, file_type, budget) as archive:
        for member in islice(archive.members(), MAX_MEMBERS):
            data, why = content_of(archive, member)
            if why and not data:
                raise Unreadable(why)
            yield data
