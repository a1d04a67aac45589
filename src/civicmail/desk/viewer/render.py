"""Turn a message into the shapes of message_view.py. Pure; runs in a sandboxed process, because senders control its input."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from civicmail.core.archives.identify import identify
from civicmail.core.filetype import file_names
from civicmail.core.message import addresses, encoded_words, header_values, html_text, mime_tree, structure
from civicmail.core.message.mime_tree import Node
from civicmail.core.message.model import Address, Defect
from civicmail.core.message.structure import Structure
from civicmail.desk.viewer import html_blocks, message_parts, plaintext
from civicmail.desk.viewer.message_parts import MessagePart
from civicmail.desk.viewer.message_view import Block, File, HeaderLine, Person, Run, Shown
from civicmail.desk.viewer.runs import link_runs, runs_of

PAGE_SIZE = 100_000
"""Characters of text on one page: a hundred printed ones."""
FILES_PER_PAGE = 100
"""Files on one page."""
MAX_PEOPLE = 200
"""Addresses of a field that are shown; the headers have all of them."""
MAX_HEADERS = 2_000
_AROUND = 40  # characters of our own around a block or a link
_SUBJECT = 2_000  # characters
_VALUE = 20_000  # characters of one field
_AN_ADDRESS = re.compile(r"[^\s\"'<>()\[\],;:@]+@[^\s\"'<>()\[\],;:@]+\.[^\s\"'<>()\[\],;:@]+")


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that is made when its page is requested. characters: its approximate length there."""

    characters: int
    blocks: Callable[[], Iterable[Block]]


def shown(content: bytes, *, page: int = 1, files_page: int = 1, path: str = "") -> Shown | None:
    """The view of a message, or of one attached to it; None if the path names none. content: the whole message."""
    whole = structure.parse(content)
    message = message_parts.message_at(whole, path)
    if message is None:
        return None
    raw = bytes(message.raw[:])
    marks: dict[str, None] = {}
    pieces, pictures = _readable(message, marks)
    pages = _pages(pieces)
    number = min(max(page, 1), len(pages))
    files, count, files_number, files_pages = _files(message, path, files_page)
    head = header_values.read(message.head, message.charset, message.defects)
    blocks = tuple(block for piece in pages[number - 1] for block in piece.blocks())
    sender, reply_to = _field(message, b"sender"), _field(message, b"reply-to")
    return Shown(
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        subject=runs_of(head.subject[:_SUBJECT]),
        from_=_people(head.from_),
        sender=_people(sender),
        reply_to=_people(reply_to),
        to=_people(head.to),
        cc=_people(head.cc),
        bcc=_people(head.bcc),
        people_left=sum(max(0, len(every) - MAX_PEOPLE) for every in (head.from_, sender, reply_to, head.to, head.cc, head.bcc)),
        date=_ms(head.date),
        message_id="".join(run.text for run in runs_of(head.message_id[:_SUBJECT])),
        blocks=blocks,
        page=number,
        pages=len(pages),
        characters=sum(piece.characters for piece in pieces),
        files=files,
        file_count=count,
        files_page=files_number,
        files_pages=files_pages,
        marks=(*marks, *_doubts(head.from_, blocks)),
        defects=tuple(dict.fromkeys(defect.code for defect in _defects(message))),
        html=any(node.html for _, node in message_parts.texts(message)),
        pictures=pictures,
    )


def headers(content: bytes, *, path: str = "") -> tuple[list[HeaderLine], int] | None:
    """The fields of the header in order, at most HEADERS, and how many there are; None where the path names no message."""
    message = message_parts.message_at(structure.parse(content), path)
    if message is None:
        return None
    lines = []
    every = list(structure.limited(message.head))
    for _, name, value in every[:MAX_HEADERS]:
        text = encoded_words.decode(value, message.charset)
        cut = runs_of(text[:_VALUE])
        lines.append(HeaderLine(name.decode("ascii"), cut))
    return lines, len(every)


def part(content: bytes, path: str) -> tuple[str, bytes] | None:
    """Name and bytes of a file; None if the path names none."""
    message_part = message_parts.part_at(structure.parse(content), path)
    if message_part is None:
        return None
    name = file_name(message_part)
    if message_part.letter is not None and not name.lower().endswith(".eml"):
        name = f"{name or 'message'}.eml"
    return name, mime_tree.content(message_part.message.raw, message_part.node, [])


def file_name(message_part: MessagePart) -> str:
    """The name from its sender; for a message its subject."""
    if message_part.node.filename or message_part.letter is None:
        return message_part.node.filename
    return header_values.subject(message_part.letter.head, message_part.letter.charset)


def _files(message: Structure, path: str, page: int) -> tuple[tuple[File, ...], int, int, int]:
    """The files of one page, their total, the page number, and the number of pages."""
    parts = list(message_parts.files(message, f"{path}{message_parts.SLASH}" if path else ""))
    pages = max(1, -(-len(parts) // FILES_PER_PAGE))
    number = min(max(page, 1), pages)
    return (
        tuple([_file(message_part) for message_part in parts[(number - 1) * FILES_PER_PAGE : number * FILES_PER_PAGE]]),
        len(parts),
        number,
        pages,
    )


def _file(message_part: MessagePart) -> File:
    data = mime_tree.content(message_part.message.raw, message_part.node, message_part.message.defects)
    kind = "letter" if message_part.letter is not None else identify(data).label
    name = file_name(message_part)
    odd = message_part.letter is None and file_names.is_mismatched(name, kind)
    return File(
        path=message_part.path,
        name=runs_of(name[:_SUBJECT]),
        declared=message_part.node.content_type[:100],
        kind=kind,
        odd=odd,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        depth=message_part.depth,
        letter=message_part.letter is not None,
    )


def _doubts(senders: Sequence[Address], blocks: Sequence[Block]) -> Iterator[str]:
    """Reasons to look twice: a name that looks like another address, a link that names another host."""
    if any(named.lower() != a.addr.lower() for a in senders for named in _AN_ADDRESS.findall(a.display)):
        yield "poses"
    if any(run.lies for block in blocks for run in block.runs):
        yield "lies"


def _readable(message: Structure, marks: dict[str, None]) -> tuple[list[_Piece], int]:
    """The text in pieces, and the number of its pictures."""
    pieces, pictures = _pieces(message_parts.texts(message), marks)
    if not pieces:
        pieces, _ = _pieces(message_parts.texts(message, rich=False), marks)
    if message.sealed:
        marks["sealed"] = None
    return pieces, pictures


def _pieces(texts: Iterable[tuple[Structure, Node]], marks: dict[str, None]) -> tuple[list[_Piece], int]:
    collected: list[_Piece] = []
    pictures = 0
    for message, node in texts:
        text = structure.text(message, node)
        if not node.html:
            collected += _of_text(text, node)
            continue
        tree_ = html_text.visible_tree(text)
        if tree_ is None:
            marks["flattened"] = None
            collected += _of_text(html_text.read(text).visible, None)
            continue
        page = html_blocks.read(tree_[0])
        pictures += page.pictures
        if page.form:
            marks["form"] = None
        if tree_[1]:
            marks["hidden"] = None
        collected += _of_blocks(page.blocks)
    return collected, pictures


def _of_text(text: str, node: Node | None) -> Iterator[_Piece]:
    """Pieces that end at line ends, so that only those of one page are processed."""
    parameters = node.parameters if node is not None else {}
    text = text.strip("\n")
    at = 0
    while at < len(text):
        end = len(text)
        if end - at > PAGE_SIZE:
            line = text.rfind("\n", at + PAGE_SIZE // 2, at + PAGE_SIZE)
            end = line + 1 if line >= 0 else at + PAGE_SIZE
        piece = text[at:end]
        make = partial(_report, piece) if node is not None and node.report else partial(plaintext.blocks, piece, parameters)
        yield _Piece(len(piece.strip()), make)
        at = end


def _report(text: str) -> Iterator[Block]:
    """A delivery report: its lines, unchanged."""
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            yield Block(link_runs(paragraph.strip("\n")), "pre")


def _of_blocks(blocks: Sequence[Block]) -> Iterator[_Piece]:
    held: list[Block] = []
    size = 0
    for block in blocks:
        for part in _parted(block):
            length = _cost(part)
            if held and size + length > PAGE_SIZE:
                yield _Piece(size, partial(tuple, held))
                held, size = [], 0
            held.append(part)
            size += length
    if held:
        yield _Piece(size, partial(tuple, held))


def _cost(block: Block) -> int:
    """Characters that a block takes on a page, with what is written around its runs."""
    return _AROUND + sum(len(run.text) + len(run.url) + (_AROUND if run.kind != "text" else 0) for run in block.runs)


def _parted(block: Block) -> Iterator[Block]:
    """Split a block that is longer than a page."""
    held: list[Run] = []
    size = 0
    for run in block.runs:
        if held and size > PAGE_SIZE // 2:
            yield Block(tuple(held), block.kind, block.quote)
            held, size = [], 0
        held.append(run)
        size += len(run.text) + len(run.url) + _AROUND
    if held or not block.runs:
        yield Block(tuple(held), block.kind, block.quote)


def _pages(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    pages: list[list[_Piece]] = [[]]
    size = 0
    for piece in pieces:
        if pages[-1] and size + piece.characters > PAGE_SIZE:
            pages.append([])
            size = 0
        pages[-1].append(piece)
        size += piece.characters
    return pages


def _ms(date: datetime | None) -> int | None:
    """A date without a zone is UTC (RFC 5322 3.3, "-0000")."""
    if date is None:
        return None
    return int((date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp() * 1000)


def _people(every: tuple[Address, ...]) -> tuple[Person, ...]:
    return tuple([Person(runs_of(a.display[:_SUBJECT]), runs_of(a.addr[:_SUBJECT])) for a in every[:MAX_PEOPLE]])


def _field(message: Structure, name: bytes) -> tuple[Address, ...]:
    hint = message.charset
    return tuple([one for value in message.head.fields.get(name, ()) for one in addresses.parse(encoded_words.text(value, hint))])


def _defects(message: Structure) -> Iterator[Defect]:
    yield from message.defects
    for _, child in message.children:
        yield from _defects(child)
