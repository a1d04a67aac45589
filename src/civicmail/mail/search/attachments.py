"""The text of a message's attachments, as far as it was extracted.

Files are identified by the SHA-256 of their content, so the same file is read once however often it is sent. The message parser has
read text attachments already (core/message); files that need a reader of their format are read in a sandboxed process
(core/sandbox).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.types import PGP_MESSAGE
from civicmail.core.message.model import Attached, Fields
from civicmail.core.sandbox import pictures, readers, text_files

TEXT, PICTURES = WAITING = (1, 2)
"""What a capture waits for. TEXT: files that were not read yet; PICTURES: all were read, but pictures in them wait for OCR."""


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of one file. unreadable: (path of a member, reason) for each part that gave no text or only some; pictures: number
    that wait for OCR."""

    text: str = ""
    unreadable: tuple[tuple[str, str], ...] = ()
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file that needs a reader, with the SHA-256 of its content. known: its text as far as no reader is needed."""

    digest: bytes
    known: Extract | None = None


ExtractLookup = Callable[[bytes, bytes], Extract | None]
"""(SHA-256, content) -> what the file says, None where that is not known yet."""


@dataclass(frozen=True, slots=True)
class AttachmentText:
    """The text of all files of a message. unreadable: number of files not read completely; waiting: 0, or as in WAITING; files:
    name_of() of each."""

    text: str = ""
    unreadable: int = 0
    waiting: int = 0
    files: tuple[str, ...] = ()


NOTHING = AttachmentText()


def name_of(digest: bytes) -> str:
    """The name of a file in the index, from its SHA-256: long enough to be unique, because everything that depends on it is
    derived."""
    return digest[:8].hex()


def unknown(_digest: bytes, _content: bytes) -> Extract | None:
    return None


def files(fields: Fields) -> list[Attached]:
    """The attachments that need a reader, by their content."""
    return [a for a in fields.attachments if a.content and _needs_reader(a)]


def _needs_reader(attached: Attached) -> bool:
    reading = identify(attached.content).reading
    if reading in {"text", "html", "letter"}:
        in_letter = attached.content_type.startswith(("text/", "message/")) or attached.content_type == "application/ics"
        return not in_letter  # else they are in the message's text
    return reading not in readers.SILENT


def without_reader(content: bytes) -> Extract | None:
    """The text of a file that needs no reader: a text file, or a picture, which has no text without OCR. None for every other
    file."""
    file_type = identify(content)
    if file_type.reading == "picture":
        return Extract(pictures=int(pictures.may_show_words(content)))
    return Extract(text_files.decoded(content)) if file_type.reading == "text" and file_type is not PGP_MESSAGE else None


def attachment_text(fields: Fields, lookup: ExtractLookup) -> AttachmentText:
    return _combined((sha256(a.content).digest(), partial(_known, a.content, lookup)) for a in files(fields))


def text_of_files(attachments: Iterable[File], lookup: ExtractLookup) -> AttachmentText:
    """The same for files that another process has read (message_requests.py). look: needs no content."""
    return _combined((file.digest, partial(_look_up, file, lookup)) for file in attachments)


def _known(content: bytes, lookup: ExtractLookup, digest: bytes) -> Extract | None:
    return lookup(digest, content) or without_reader(content)


def _look_up(file: File, lookup: ExtractLookup, digest: bytes) -> Extract | None:
    return lookup(digest, b"") or file.known


def _combined(readers: Iterable[tuple[bytes, Callable[[bytes], Extract | None]]]) -> AttachmentText:
    texts: list[str] = []
    names: dict[str, None] = {}
    unreadable = waiting = 0
    for digest, read in readers:
        names[name_of(digest)] = None
        extract = read(digest)
        if extract is None:
            waiting = TEXT
            continue
        texts.append(extract.text)
        unreadable += bool(extract.unreadable)
        if extract.pictures and not waiting:
            waiting = PICTURES
    return AttachmentText("\n".join(texts), unreadable, waiting, tuple(names))
