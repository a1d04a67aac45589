"""Journal reports: the message that Exchange and Microsoft 365 send to an archive for each message (MS-OXJRNL), and Google's
equivalent.

The first part of a report lists sender and recipients (the envelope, with expanded groups and Bcc), and its attached message is the
original. Postfix has no reports: a copy by always_bcc or recipient_bcc_maps names its recipient in the fields that the delivery
agent put above all others. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from civicmail.core.message import header_block, header_scan, limits, mime_tree, transfer_encoding
from civicmail.core.message.header_block import Buffer
from civicmail.core.message.mime_tree import Budget, Node
from civicmail.core.message.model import Defect

Style = Literal["exchange", "google", "fields"]
How = Literal["to", "cc", "bcc", "recipient"]

_TOKEN = re.compile(r"[^\s<>\",;:()]+")
_LINE = re.compile(r"(sender|on-behalf-of|message-id|subject|label|to|cc|bcc|recipients?)\s*:\s*(.*)\Z", re.IGNORECASE)
_VIA = re.compile(r"\b(expanded|forwarded)\s{0,3}:", re.IGNORECASE)
_TRACE = re.compile(rb"\n((?i:x-original-to|delivered-to|x-envelope-to|x-rcpt-to|x-gm-original-to|x-envelope-from))[ \t]*:([^\n]*)")
_FIRST_HOP = re.compile(rb"\nreceived[ \t]*:", re.IGNORECASE)
_HOW: dict[str, How] = {"to": "to", "cc": "cc", "bcc": "bcc"}


@dataclass(frozen=True, slots=True)
class Reported:
    """A recipient of the envelope. expanded: the groups that it came through; forwarded: who it was sent to first."""

    address: str
    how: How
    expanded: tuple[str, ...] = ()
    forwarded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JournalReport:
    """The content of a report. start, end: range of the message's exact bytes in it, both 0 if it does not contain them unchanged.

    why: "", or the reason why the message cannot be extracted: "report-coded", "report-nested", "report-large".
    """

    style: Style
    sender: str
    recipients: tuple[Reported, ...]
    start: int = 0
    end: int = 0
    why: str = ""


@dataclass(slots=True)
class _ReportFields:
    sender: str = ""
    message_id: bool = False
    recipients: dict[str, Reported] = field(default_factory=dict)


def read(raw: Buffer) -> JournalReport | None:
    """The report that these bytes are, None when they are none. A report about a report is opened to the innermost one."""
    report = _report(raw, 0)
    for _ in range(limits.REPORT_DEPTH):
        if report is None or not is_marked(raw[report.start : min(report.end, report.start + limits.REPORT_LOOK)]):
            break
        inner = _report(raw[report.start : report.end], report.start)
        if inner is None:
            break
        report = inner
    else:
        assert report is not None
        return JournalReport(report.style, report.sender, report.recipients, why="report-nested")
    if report is not None and report.end and len(raw) - (report.end - report.start) > limits.REPORT_BYTES:
        return JournalReport(report.style, report.sender, report.recipients, why="report-large")
    return report


def is_marked(raw: Buffer) -> bool:
    """Whether the header marks it as a report."""
    return header_scan.first(raw, "x-ms-journal-report") is not None


def delivered_for(raw: Buffer) -> JournalReport | None:
    """For whom a copy was, by the fields above the first Received field: those below came from outside and prove nothing."""
    top = b"\n" + raw[: min(header_scan.header_length(raw), limits.REPORT_LOOK)]
    hop = _FIRST_HOP.search(top)
    fields = _ReportFields()
    google = False
    for name, value in _TRACE.findall(top, 0, hop.start() if hop else len(top)):
        address = next(iter(_addresses(value.decode("utf-8", "replace"))), "")
        if not address:
            continue
        google = google or name.lower() == b"x-gm-original-to"
        if name.lower() == b"x-envelope-from":
            fields.sender = address
        else:
            fields.recipients.setdefault(address.lower(), Reported(address, "recipient"))
    if not fields.recipients:
        return None
    return JournalReport("google" if google else "fields", fields.sender, tuple(fields.recipients.values()), 0, len(raw))


def _report(raw: Buffer, offset: int) -> JournalReport | None:
    defects: list[Defect] = []
    head = header_block.read(raw, 0, len(raw), defects, top=True)
    budget = Budget(len(raw))
    top, *parts = mime_tree.walk(raw, head, 0, budget, defects)
    children = [node for node in parts if node.path.count(".") == 1]
    if not top.container or not children or children[0].content_type != "text/plain":
        return None
    fields = _report_fields(mime_tree.content(raw, children[0], defects)[: limits.REPORT_BYTES], children[0])
    marked = is_marked(raw)
    messages = [node for node in children[1:] if node.content_type == "message/rfc822"]
    if not (fields.recipients or fields.sender) or not (marked or (fields.message_id and messages)):
        return None
    style: Style = "exchange" if marked else "google"
    people = tuple(fields.recipients.values())
    if not messages or messages[0].encoding not in transfer_encoding.IDENTITY or messages[0].end <= messages[0].start:
        return JournalReport(style, fields.sender, people, why="report-coded")
    return JournalReport(style, fields.sender, people, offset + messages[0].start, offset + messages[0].end)


def _report_fields(text: bytes, node: Node) -> _ReportFields:
    fields = _ReportFields()
    listing: How | None = None
    for line in text.decode("utf-16" if node.charset.lower().startswith("utf-16") else "utf-8", "replace").splitlines():
        words = line.strip()
        match = _LINE.match(words)
        if match is None:
            if listing and words:
                _recipient(fields, words, listing)
            continue
        name, value = match[1].lower(), match[2]
        listing = None
        if name == "sender":
            fields.sender = fields.sender or next(iter(_addresses(value)), "")
        elif name == "message-id":
            fields.message_id = True
        elif name in _HOW or name.startswith("recipient"):
            listing = _HOW.get(name, "recipient")
            if value:
                _recipient(fields, value, listing)
    return fields


def _addresses(words: str) -> list[str]:
    return [token for token in _TOKEN.findall(words) if 0 < token.find("@") < len(token) - 1]


def _recipient(fields: _ReportFields, words: str, how: How) -> None:
    """One line: an address, possibly with the group or mailbox through which it was reached, or addresses separated by commas."""
    pieces = _VIA.split(words)
    via: dict[str, list[str]] = {"expanded": [], "forwarded": []}
    for kind, value in zip(pieces[1::2], pieces[2::2], strict=True):
        via[kind.lower()] += _addresses(value)
    for address in _addresses(pieces[0])[: limits.ADDRESSES]:
        if len(fields.recipients) >= limits.ADDRESSES:
            return
        known = fields.recipients.get(address.lower())
        if known is None:
            fields.recipients[address.lower()] = Reported(address, how, tuple(via["expanded"]), tuple(via["forwarded"]))
        else:  # reached twice: everything that led there
            fields.recipients[address.lower()] = Reported(
                known.address, known.how if known.how != "recipient" else how,
                tuple(dict.fromkeys([*known.expanded, *via["expanded"]])),
                tuple(dict.fromkeys([*known.forwarded, *via["forwarded"]])),
            )  # fmt: skip
