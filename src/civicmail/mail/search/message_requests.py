"""The requests about messages that sandboxed processes answer for the index, for queries of the store, and for commands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

from msgspec import Meta

from civicmail.core.message.model import Fields
from civicmail.core.sandbox.service import Count, Request, Service
from civicmail.mail.search.attachments import Extract, File

EMPTY = Fields("", (), (), (), (), None, "", (), (), "", "", (), None, (), 0)
"""Of a message that nobody can read."""
NUMBER_MOST = 1 << 40
"""As the index can take it."""
_HANDLERS = "civicmail.mail.search.request_handlers"


class ReadFields(Request[tuple[Fields, list[File]]], frozen=True):
    """The fields of a message, without the content of attachments, and the files that need a reader."""

    handler = f"{_HANDLERS}:read_fields"

    def check(self, reply: tuple[Fields, list[File]], size: int) -> None:
        fields, files = reply
        numbers = [fields.unreadable, fields.blind, fields.for_whom, *(attached.size for attached in fields.attachments)]
        numbers += [file.known.pictures for file in files if file.known]
        if not all(0 <= number <= NUMBER_MOST for number in numbers) or fields.blind + fields.for_whom > 2 * size:
            raise ValueError("no number of anything in this message")


class Whole(NamedTuple):
    """A file that needs a reader. known: its text as far as no reader is needed."""

    content: bytes
    known: Extract | None = None


class ReadFiles(Request[list[Whole]], frozen=True):
    """The files in a message that need a reader."""

    handler = f"{_HANDLERS}:read_files"

    def check(self, reply: list[Whole], size: int) -> None:
        if not all(0 <= file.known.pictures <= NUMBER_MOST for file in reply if file.known):
            raise ValueError("no number of pictures")


class ReadWords(Request[str], frozen=True):
    """Request the words that a reader of the message sees, plain text and HTML."""

    handler = f"{_HANDLERS}:read_words"


class PrintedFile(NamedTuple):
    """digest: SHA-256 of the content."""

    name: str
    type: str
    size: Count
    part: str
    digest: Annotated[bytes, Meta(min_length=32, max_length=32)]


class Printed(NamedTuple):
    """among_header: lines there that are no fields; date: as in ISO 8601; defects: codes, and where in the message; around_parts:
    words before the first part and behind the last."""

    subject: str = ""
    from_: str = ""
    to: str = ""
    cc: str = ""
    text: str = ""
    among_header: str = ""
    date: str | None = None
    attachments: Sequence[PrintedFile] = ()
    defects: Sequence[tuple[str, int]] = ()
    around_parts: str = ""


class PrintMessage(Request[Printed], frozen=True):
    """Request a message as commands print it."""

    handler = f"{_HANDLERS}:print_message"

    def check(self, reply: Printed, size: int) -> None:
        if reply.date is not None:
            datetime.fromisoformat(reply.date)


SERVICE = Service(__name__, (ReadFields, ReadFiles, ReadWords, PrintMessage))
