"""Read the metadata of an export, message by message from XML or row by row from CSV, so that damage costs only its own entry.

No entity is expanded: a file that declares a document type is not read at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import IO, NamedTuple
from xml.parsers import expat

from civicmail.mail.importers.vault.files import UTF_16, Unreadable, reading, rows

ENTITIES = "it declares a document type, which could name entities"
MAX_ENTRY = 4 << 20  # bytes of one entry
MAX_TEXT = 20_000  # characters of one value
_PIECE = 1 << 20
_BEGIN = re.compile(rb"<Document(?=[\s/>])")
_END = b"</Document>"
_CLOSED = re.compile(rb"</Root\s*>\s*\Z")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "iso-8859-1": "iso-8859-1", "windows-1252": "iso-8859-1"}


class Entry(NamedTuple):
    """One message. mark: the start of its From_ line; gmail: its id in Gmail; message_id: without angle brackets."""

    mark: str
    gmail: str
    message_id: str
    account: str
    labels: str
    subject: str


class Damage(NamedTuple):
    """An unreadable entry and its position."""

    place: str


def entries(path: str) -> Iterator[Entry | Damage]:
    """Raises Unreadable where nothing of a file can be used."""
    with reading(path) as file:
        yield from _xml(file) if path.lower().endswith(".xml") else _csv(file)


def _csv(file: IO[bytes]) -> Iterator[Entry | Damage]:
    for line, row in rows(file):
        if row is None:
            yield Damage(f"line {line}")
        elif not {"rfc822messageid", "gmailmessageid"} & row.keys():
            raise Unreadable("it has no column Rfc822MessageId or GmailMessageId")
        else:
            yield Entry(
                "",
                _short(row.get("gmailmessageid", "")),
                plain_id(row.get("rfc822messageid", "")),
                _short(row.get("account", "")).lower(),
                row.get("labels", "")[:MAX_TEXT],
                _short(row.get("subject", "")),
            )


def _xml(file: IO[bytes]) -> Iterator[Entry | Damage]:
    start = file.read(_PIECE)
    begin = _BEGIN.search(start)
    prolog = start[: begin.start()] if begin else start
    encoding = _encoding(prolog)
    file.seek(0)
    for at, block in _documents(file):
        yield _entry(block, encoding) or Damage(f"byte {at}")
    file.seek(-min(file.tell(), 1000), os.SEEK_END)
    if not _CLOSED.search(file.read()):
        yield Damage("the end: the file breaks off")


def _encoding(prolog: bytes) -> str:
    """In which entries are written. Raises Unreadable for what Vault does not write."""
    if prolog[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise Unreadable(UTF_16)
    if b"<!" in prolog.replace(b"<!--", b""):
        raise Unreadable(ENTITIES)
    if b"<" not in prolog:
        raise Unreadable("it is no XML")
    declared = _ENCODING.search(prolog)
    name = declared[1].decode().lower() if declared else "utf-8"
    if name not in _ENCODINGS:
        raise Unreadable(f"it is in {name}; save it as UTF-8")
    return _ENCODINGS[name]


def _documents(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of each Document. One that is never closed ends where the next begins, or where it is too long to be one."""
    held, before, more = b"", 0, True
    while more:
        piece = file.read(_PIECE)
        more = bool(piece)
        held += piece
        at = 0
        while begin := _BEGIN.search(held, at):
            start = begin.start()
            end = _end(held, begin.end())
            if end < 0 and more and len(held) - start <= MAX_ENTRY:
                at = start
                break
            end = len(held) if end < 0 else end
            yield before + start, held[start : min(end, start + MAX_ENTRY)]
            at = end
        else:
            at = max(at, len(held) - len(b"<Document"))
        held, before = held[at:], before + at


def _end(held: bytes, at: int) -> int:
    """The end of a Document that begins before `at`; -1 if its end is not read yet."""
    end = held.find(_END, at)
    following = _BEGIN.search(held, at, end if end >= 0 else len(held))
    if following is not None:
        return following.start()
    return end + len(_END) if end >= 0 else -1


def _entry(block: bytes, encoding: str) -> Entry | None:
    """The entry of one Document, None if it is damaged."""
    if encoding == "utf-8":
        try:
            block.decode()
        except UnicodeDecodeError:
            encoding = "iso-8859-1"
    ids: dict[str, str] = {}
    tags: dict[str, list[str]] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if name == "Document":
            ids["gmail"] = attributes.get("DocID") or attributes.get("DocId", "")
        elif name == "ExternalFile":
            ids.setdefault("mark", attributes.get("FileName", ""))
        elif name == "Tag":
            tags.setdefault(attributes.get("TagName", "").lstrip("#").lower(), []).append(attributes.get("TagValue", ""))

    parser = expat.ParserCreate(encoding)
    parser.StartElementHandler = start
    try:
        parser.Parse(block, True)
    except (expat.ExpatError, ValueError):
        return None
    first = {name: values[0][:MAX_TEXT] for name, values in tags.items()}
    labels = [first.get("labels", ""), *(_quoted(label[:MAX_TEXT]) for label in tags.get("labelname", [])[:100])]
    entry = Entry(
        _short(ids.get("mark", "")),
        _short(ids.get("gmail", "")),
        plain_id(first.get("rfc822messageid", "")),
        _short(first.get("account") or first.get("userid", "")).lower(),
        ",".join(text for text in labels if text),
        _short(first.get("subject", "")),
    )
    return entry if entry.mark or entry.gmail or entry.message_id else None


def _quoted(label: str) -> str:
    return '"' + label.replace('"', '""') + '"' if "," in label or '"' in label else label


def _short(text: str) -> str:
    return " ".join(text.split())[:300]


def plain_id(text: str) -> str:
    """A normalized Message-ID: without angle brackets and blanks, limited in length."""
    return text.strip().strip("<>").strip()[:998]
