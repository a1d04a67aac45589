"""The MIME tree of a message (RFC 2045, 2046): nodes in document order with the byte ranges of their encoded bodies.

Delimiters are found natively with find(); Python only checks lines that begin like one. An outer delimiter ends an inner part, so
an unclosed inner multipart consumes nothing of the following parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.message import defect_codes, header_block, limits, parameters, transfer_encoding
from civicmail.core.message.header_block import Buffer, HeaderBlock
from civicmail.core.message.model import Defect

_DELIMITER_TAIL = re.compile(rb"(--)?[ \t]*+(\r?\n|\r|\Z)")
_GUESSED = re.compile(rb"(?:\A|\n|\r)--([^\s-][^\r\n]{0,69}|-[^\r\n]{1,69})\r?\n(?i:content-)")
_CALENDARS = frozenset({"application/ics"})
_LETTERS = frozenset({"message/rfc822", "message/global", "message/news"})
_PIECE = "message/partial"
_FILENAMES, _NAMES = f"filename{parameters.ALSO}", f"name{parameters.ALSO}"
_NOTHING: tuple[str, dict[str, str]] = ("", {})
Range = tuple[int, int]
"""First byte, and the one after the last."""


@dataclass(slots=True)
class Node:
    """One part. start, end: its encoded body in the buffer. container: it has parts of its own. opaque: a limit left it
    unopened."""

    path: str
    depth: int
    block: HeaderBlock
    content_type: str
    parameters: dict[str, str]
    disposition: str
    filename: str
    encoding: str
    start: int
    end: int
    container: bool = False
    opaque: bool = False
    content: bytes | None = None
    cuts: tuple[Range, ...] = ()
    """Ranges of the content that are files, not words (uuencode.py)."""
    stray: bool = False
    """Whether it has text outside of all parts: lines of the header that are not fields, words around the parts (embedded.py)."""
    gaps: tuple[Range, ...] = ()
    """Of a container: the ranges of its body before its first part and after its last (RFC 2046 5.1.1)."""
    also: tuple[str, ...] = ()
    """Other names of a file, by which a program may call it."""
    spelled: tuple[str, ...] = ()
    """Its original names that have invisible letters: filename and `also` omit these letters."""

    @property
    def charset(self) -> str:
        return self.parameters.get("charset", "")

    @property
    def html(self) -> bool:
        return self.content_type == "text/html"

    @property
    def letter(self) -> bool:
        """Whether its content is a message of its own; the first piece of a split message begins like one (RFC 2046 5.2.2)."""
        return not self.opaque and (self.content_type in _LETTERS or self.first_piece)

    @property
    def first_piece(self) -> bool:
        return self.content_type == _PIECE and self.parameters.get("number", "1").strip().lstrip("0") == "1"

    @property
    def words(self) -> bool:
        """Whether its content is text that a search reads, attached or not; so is an unsupported kind of message."""
        if self.container or self.letter:
            return False
        return self.content_type.startswith(("text/", "multipart/", "message/")) or self.content_type in _CALENDARS

    @property
    def report(self) -> bool:
        """Whether it is shown unparsed: a report by a machine, an unopened message, stray text."""
        return self.stray or (self.content_type.startswith("message/") and not self.letter)

    @property
    def body(self) -> bool:
        """Whether a reader sees it as text of the message itself."""
        if self.stray or self.disposition == "attachment":
            return False
        return self.words and not self.content_type.startswith(("message/", "application/"))

    @property
    def attachment(self) -> bool:
        if self.container or self.stray:
            return False
        shown = self.body and (self.content_type in _SHOWN or self.content_type.startswith("multipart/"))
        return bool(self.filename) or not shown


_SHOWN = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext"})


class Budget:
    """The rest of the limits of one message, children included."""

    __slots__ = ("child_bytes", "delimiters", "guesses", "parts")

    def __init__(self, size: int) -> None:
        self.parts = limits.PARTS
        self.delimiters = limits.DELIMITERS
        self.guesses = limits.GUESSES
        self.child_bytes = max(limits.CHILD_BYTES_FLOOR, limits.CHILD_BYTES_FACTOR * size)


def walk(raw: Buffer, top: HeaderBlock, depth: int, budget: Budget, defects: list[Defect]) -> list[Node]:
    """All nodes of the message whose header block is top, parents before their parts. depth: levels above this message."""
    nodes: list[Node] = []
    waiting = [_node(raw, top, len(raw), "1", depth, "text/plain", defects)]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        budget.parts -= 1
        if not node.content_type.startswith("multipart/"):
            continue
        ranges, gaps = _ranges(raw, node, budget, defects)
        if not ranges:
            continue
        if node.depth + 1 >= limits.DEPTH:
            defects.append(Defect(defect_codes.NESTING_LIMIT, node.start))
            node.opaque = True
            continue
        allowed = max(0, budget.parts - len(waiting))
        if len(ranges) > allowed:
            defects.append(Defect(defect_codes.PARTS_LIMIT, ranges[allowed][0]))
            if allowed == 0:
                node.opaque = True
                continue
            # The last part that is opened takes everything behind it, so that no byte drops out of sight.
            ranges = [*ranges[: allowed - 1], (ranges[allowed - 1][0], ranges[-1][1])]
        node.container, node.gaps = True, gaps
        default = "message/rfc822" if node.content_type == "multipart/digest" else "text/plain"
        for number, (start, end) in reversed(list(enumerate(ranges, 1))):
            head = header_block.read(raw, start, end, defects)
            waiting.append(_node(raw, head, end, f"{node.path}.{number}", node.depth + 1, default, defects))
    return nodes


def content(raw: Buffer, node: Node, defects: list[Defect]) -> bytes:
    """The decoded bytes of a node, decoded once; a container has none."""
    if node.content is None:
        if node.container:
            node.content = b""
            return b""
        data = raw[node.start : node.end]
        node.content, sound = transfer_encoding.decode(data, node.encoding)
        if not sound:
            code = defect_codes.BASE64_BROKEN if node.encoding == "base64" else defect_codes.UUENCODE_BROKEN
            defects.append(
                Defect(code if node.encoding in transfer_encoding.KNOWN else defect_codes.ENCODING_UNKNOWN, node.start, node.path)
            )
    return node.content


def _node(raw: Buffer, head: HeaderBlock, end: int, path: str, depth: int, default: str, defects: list[Defect]) -> Node:
    fields = head.fields
    declared = fields.get(b"content-type")
    content_type, params = parameters.parse(declared[0]) if declared else (default, _NOTHING[1])
    if "/" not in content_type or content_type.startswith("/"):
        if declared and declared[0].strip():
            defects.append(Defect(defect_codes.CONTENT_TYPE_BROKEN, head.start, path))
        content_type = "text/plain"  # RFC 2045 5.2
    shown = fields.get(b"content-disposition")
    disposition, shown_params = parameters.parse(shown[0]) if shown else _NOTHING
    encoding = ""
    if coded := fields.get(b"content-transfer-encoding"):
        encoding = parameters.parse(coded[0])[0]
    spelled = shown_params.get("filename") or params.get("name") or ""
    filename = _clean(spelled)
    made = Node(path, depth, head, content_type, params, disposition, filename, encoding, head.body, max(end, head.body))
    if spelled:
        other_names = _others(shown_params, params)
        made.also = tuple(dict.fromkeys([name for other_name in other_names if (name := _clean(other_name)) and name != filename]))
        made.spelled = tuple(dict.fromkeys([name for name in (spelled, *other_names) if not name.isprintable()]))
    return made


def _others(shown: dict[str, str], params: dict[str, str]) -> list[str]:
    """Other names of a file: programs take one of several, each its own."""
    return [*shown.get(_FILENAMES, "").split("\n"), params.get("name", ""), *params.get(_NAMES, "").split("\n")]


def _clean(filename: str) -> str:
    return "".join(filter(str.isprintable, filename)).strip() if not filename.isprintable() else filename.strip()


def _ranges(raw: Buffer, node: Node, budget: Budget, defects: list[Defect]) -> tuple[list[Range], tuple[Range, ...]]:
    """Byte ranges of the parts between the delimiters of a multipart, empty if it has none; and of the text around them."""
    boundary = node.parameters.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
    marks, closed = _delimiters(raw, boundary, node.start, node.end, budget, defects) if boundary else ([], False)
    if not marks:
        if guess := _GUESSED.search(raw, node.start, node.end):
            marks, closed = _delimiters(raw, guess[1].rstrip(), node.start, node.end, budget, defects)
        defects.append(Defect(defect_codes.BOUNDARY_MISSING, node.start, node.path))
        if not marks:
            return [], ()
    elif len(marks) == 1 and closed:
        defects.append(Defect(defect_codes.BOUNDARY_MISSING, node.start, node.path))
    if not closed:
        defects.append(Defect(defect_codes.BOUNDARY_UNCLOSED, node.start, node.path))
    ranges = [(marks[at][1], max(marks[at][1], marks[at + 1][0])) for at in range(len(marks) - 1)]
    if not closed:
        ranges.append((marks[-1][1], node.end))
    around = ((node.start, marks[0][0]), (marks[-1][1] if closed else node.end, node.end))
    return ranges, tuple([(start, end) for start, end in around if start < end])


def _delimiters(
    raw: Buffer, boundary: bytes, start: int, end: int, budget: Budget, defects: list[Defect]
) -> tuple[list[tuple[int, int]], bool]:
    """(end of the bytes before, start of the bytes after) of each delimiter line, and whether the closing one is present."""
    mark = b"--" + boundary
    marks: list[tuple[int, int]] = []
    at = raw.find(mark, start, end)
    while at >= 0:
        budget.delimiters -= 1
        if budget.delimiters < 0:
            defects.append(Defect(defect_codes.DELIMITER_LIMIT, at))
            break
        behind = at + len(mark)
        tail = _DELIMITER_TAIL.match(raw, behind, end)
        if tail is not None and (at == start or raw[at - 1] in b"\r\n"):
            before = at
            # The line ending before a delimiter belongs to it (RFC 2046 5.1.1).
            if before > start and raw[before - 1] == 10:
                before -= 1
            if before > start and raw[before - 1] == 13:
                before -= 1
            if marks and marks[-1][1] == at:  # two adjacent delimiters: no part between them
                before = marks.pop()[0]
            marks.append((before, tail.end()))
            if tail[1]:
                return marks, True
            behind = tail.end()
        at = raw.find(mark, behind, end)
    return marks, False
