"""The structure of a message: header block, MIME tree, attached messages, and the texts of the parts. message_parser.py builds on
it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from civicmail.core.message import (
    charsets,
    defect_codes,
    embedded,
    encoded_words,
    header_block,
    html_text,
    limits,
    mime_tree,
    transfer_encoding,
)
from civicmail.core.message.charsets import Reading
from civicmail.core.message.header_block import Buffer, HeaderBlock
from civicmail.core.message.mime_tree import Budget, Node
from civicmail.core.message.model import Defect, Link

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_FOLDED = frozenset({
    "text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/x-vcalendar", "application/ics"
})  # fmt: skip
_ELSEWHERE, _WHERE = "message/external-body", ("url", "site", "directory", "name", "server", "subject")
"""Types whose body is elsewhere, as their parameters state (RFC 2046 5.2.3, RFC 2017)."""
_FOLD = re.compile(r"\n[ \t]")
_ESCAPED = re.compile(r"\\([nN,;\\])")
_READING_DEFECTS = {
    Reading.UNKNOWN_LABEL: defect_codes.CHARSET_UNKNOWN,
    Reading.WRONG_LABEL: defect_codes.CHARSET_WRONG,
    Reading.MISSING_LABEL: defect_codes.CHARSET_MISSING,
    Reading.UNREADABLE: defect_codes.TEXT_UNREADABLE,
}


@dataclass(slots=True)
class Structure:
    """A parsed message: its bytes, header block, nodes, attached messages with their nodes, and defects so far.

    sealed: parts that are encrypted or only a piece of a message.
    """

    raw: Buffer
    head: HeaderBlock
    nodes: list[Node]
    defects: list[Defect]
    children: list[tuple[Node, Structure]]
    budget: Budget
    sealed: int = 0
    guessed: str = ""
    hint: str | None = None

    @property
    def charset(self) -> str:
        """The hint for unlabeled 8-bit in the header: the outermost part's label, or what the texts or the header look like."""
        if self.hint is None:
            label = self.nodes[0].charset
            if not charsets.codec(label):
                label = self.guessed
                if not label and any(defect.code == defect_codes.HEADER_8BIT for defect in self.defects):
                    lines = b"\n".join([line for line in self.head.data.split(b"\n") if not line.isascii()])
                    label = "" if charsets.european(lines) else self.ask(lines)
            self.hint = label
        return self.hint

    def ask(self, data: bytes) -> str:
        """A charset by statistics, as long as the message has questions left; the first answer becomes the hint."""
        if self.budget.guesses <= 0:
            return ""
        self.budget.guesses -= 1
        label = charsets.detect(data)
        self.guessed = self.guessed or label
        return label


@dataclass(slots=True)
class Texts:
    """plain, visible, hidden: text of body parts; elsewhere: of HTML, what only some programs show (html_text.py), and of headers
    what no field of a message has. reports: of delivery reports and the like. attached: text of text attachments.
    linked: (path, text) to look for URLs in."""

    plain: list[str] = field(default_factory=list)
    visible: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    linked: list[tuple[str, str]] = field(default_factory=list)
    unreadable: int = 0


def parse(raw: Buffer) -> Structure:
    """The structure of the message; nothing is decoded but what attached messages need."""
    return _parse(raw, 0, Budget(len(raw)))


def _parse(raw: Buffer, depth: int, budget: Budget) -> Structure:
    defects: list[Defect] = []
    head = header_block.read(raw, 0, len(raw), defects, top=True)
    if depth == 0:
        _lines(raw, defects)
    nodes, sealed = embedded.open_embedded(raw, mime_tree.walk(raw, head, depth, budget, defects), budget, defects)
    children: list[tuple[Node, Structure]] = []
    for node in nodes:
        if not node.letter or node.container:
            continue
        size = node.end - node.start if node.content is None else len(node.content)
        if node.depth + 1 >= limits.DEPTH:
            node.opaque = True
            defects.append(Defect(defect_codes.NESTING_LIMIT, node.start, node.path))
        elif size > budget.child_bytes or budget.parts <= 0:
            node.opaque = True
            defects.append(Defect(defect_codes.CHILD_LIMIT, node.start, node.path))
        elif size:
            budget.child_bytes -= size
            children.append((node, _parse(mime_tree.content(raw, node, defects), node.depth + 1, budget)))
    return Structure(raw, head, nodes, defects, children, budget, sealed)


def limited(head: HeaderBlock) -> Iterator[tuple[int, bytes, bytes]]:
    """The fields of a block up to the limit."""
    return islice(head.every(), limits.HEADER_FIELDS)


def texts(message: Structure, with_links: bool = False) -> Texts:
    """Decode the text parts of one message, not of its children. Parts that a limit left unopened are unreadable, too."""
    out = Texts(unreadable=message.sealed + sum(defect.code in defect_codes.CLOSED for defect in message.defects))
    for node in message.nodes:
        if node.words:
            text = _text(message, node, out)
            if node.content_type == _ELSEWHERE:
                text = "\n".join([text, *(node.parameters[name] for name in _WHERE if name in node.parameters)])
            if not node.html:
                out.linked.append((node.path, text))
                (out.plain if node.body else out.reports if node.report else out.attached).append(text)
                continue
            page = html_text.read(text, with_links)
            if page.flattened:
                message.defects.append(Defect(defect_codes.HTML_FLATTENED, node.start, node.path))
            (out.visible if node.body else out.attached).append(page.visible)
            if page.hidden:
                out.hidden.append(page.hidden)
            if page.elsewhere:
                out.elsewhere.append(page.elsewhere)
            if with_links:
                out.links.extend(Link(url, shown, node.path) for url, shown in page.links)
    out.elsewhere.extend(_in_fields(message))
    return out


def _in_fields(message: Structure) -> Iterator[str]:
    """Words that no field of a message has: of repeated subjects, comments and keywords, of what describes parts, of other
    names."""
    fields = message.head.fields
    for value in (*fields.get(b"subject", ())[1:], *fields.get(b"comments", ()), *fields.get(b"keywords", ())):
        yield encoded_words.decode(value, message.charset)
    for node in message.nodes:
        for value in node.block.fields.get(b"content-description", ()):
            yield encoded_words.decode(value, message.charset)
        yield from node.also


def text(message: Structure, node: Node) -> str:
    """The text of one part alone."""
    return _text(message, node, Texts())


def _text(message: Structure, node: Node, out: Texts) -> str:
    data = mime_tree.content(message.raw, node, message.defects)
    if node.cuts:
        starts = [0, *(end for _, end in node.cuts)]
        data = b"".join(
            [data[start:end] for start, end in zip(starts, [*(start for start, _ in node.cuts), len(data)], strict=True)]
        )
    label, hint = node.charset, ""
    if node.html and not data.isascii() and (meta := _META_CHARSET.search(data, 0, 4096)):
        hint = meta[1].decode("ascii")
    text, reading = charsets.decode(data, label, hint or message.guessed, message.ask)
    if reading:
        message.defects.append(Defect(_READING_DEFECTS[reading], node.start, node.path))
    if reading is Reading.UNREADABLE or node.encoding not in transfer_encoding.KNOWN:
        out.unreadable += 1
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "")
    if node.content_type in _FOLDED:
        # Lines of these are broken anywhere, also inside words (RFC 5545 3.1 and 3.3.11, RFC 6350 3.2 and 3.4).
        text = _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], _FOLD.sub("", text))
    return text.removeprefix("\ufeff")


def _lines(raw: Buffer, defects: list[Defect]) -> None:
    """Defects of lines in the whole message, by counting; positions are those of the first of their kind."""
    cr = raw.find(b"\r")
    if cr >= 0:
        crs, lfs, pairs = _counts(raw)
        if crs > pairs:
            defects.append(Defect(defect_codes.BARE_CR, _first(_BARE_CR, raw)))
        if pairs and lfs > pairs:
            defects.append(Defect(defect_codes.LINE_ENDINGS_MIXED, _first(_BARE_LF, raw)))
    if (nul := raw.find(b"\0")) >= 0:
        defects.append(Defect(defect_codes.NUL, nul))
    if (long := _long_line(raw)) >= 0:
        defects.append(Defect(defect_codes.LINE_TOO_LONG, long))


_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_CHUNK = 1 << 20


def _first(pattern: re.Pattern[bytes], raw: Buffer) -> int:
    match = pattern.search(raw)
    return match.start() if match else -1


def _counts(raw: Buffer) -> tuple[int, int, int]:
    """The numbers of CR, LF and CRLF; a mapped file is counted in pieces."""
    if isinstance(raw, bytes):
        return raw.count(b"\r"), raw.count(b"\n"), raw.count(b"\r\n")
    crs = lfs = pairs = 0
    for at in range(0, len(raw), _CHUNK):
        piece = raw[at : at + _CHUNK + 1]
        crs += piece.count(b"\r", 0, _CHUNK)
        lfs += piece.count(b"\n", 0, _CHUNK)
        pairs += piece.count(b"\r\n")
    return crs, lfs, pairs


def _long_line(raw: Buffer) -> int:
    """Offset of the first line longer than the standard allows, searched in steps of that length; -1 if there is none."""
    at, end, leap = 0, len(raw), limits.LINE_BYTES
    while end - at > leap:
        newline = raw.rfind(b"\n", at, at + leap + 2)
        if newline < 0:
            return at
        # One byte more than permitted for a line that ends in LF alone.
        if newline == at + leap + 1 and raw[newline - 1] != 13 and raw.find(b"\n", at, newline) < 0:
            return at
        at = newline + 1
    return -1
