"""Answer the requests for the index, for queries of the store, and for commands (message_requests.py). Only sandboxed processes
import it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from civicmail.core.message import charsets, message_parser
from civicmail.core.message.model import AROUND, STRAY, Address, Fields, ParsedMessage
from civicmail.mail.search.attachments import File, files, without_reader
from civicmail.mail.search.message_requests import (
    Printed,
    PrintedFile,
    PrintMessage,
    ReadFields,
    ReadFiles,
    ReadWords,
    Whole,
)


def read_fields(content: bytes, _request: ReadFields) -> tuple[Fields, list[File]]:
    fields = message_parser.fields(content)
    found = [File(sha256(a.content).digest(), without_reader(a.content)) for a in files(fields)]
    return replace(fields, attachments=tuple(a._replace(content=b"") for a in fields.attachments)), found


def read_files(content: bytes, _request: ReadFiles) -> list[Whole]:
    return [Whole(a.content, without_reader(a.content)) for a in files(message_parser.fields(content))]


def read_words(content: bytes, _request: ReadWords) -> str:
    message = message_parser.parse(content)
    return f"{message.text}\n{message.html_text}"


def print_message(content: bytes, _request: PrintMessage) -> Printed:
    message = message_parser.parse(content)
    return Printed(
        message.subject,
        _people(message.from_),
        _people(message.to),
        _people(message.cc),
        message.text or message.html_text,
        _stray(message, STRAY),
        message.date.isoformat() if message.date else None,
        [PrintedFile(a.filename, a.content_type, a.size, a.path, sha256(a.content).digest()) for a in message.attachments],
        [(d.code, d.where) for d in message.defects],
        _stray(message, AROUND),
    )


def _stray(message: ParsedMessage, path: str) -> str:
    return next((charsets.decode(part.content)[0] for part in message.parts if part.path == path), "")


def _people(addresses: Sequence[Address]) -> str:
    return ", ".join(f"{a.display} <{a.addr}>" if a.display else a.addr for a in addresses)
