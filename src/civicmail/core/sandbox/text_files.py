"""Files that are text: plain text, CSV, HTML, and messages with their attachments."""

from __future__ import annotations

import codecs

from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, Unreadable
from civicmail.core.filetype.identify import identify
from civicmail.core.filetype.types import PGP_MESSAGE
from civicmail.core.message import charsets, html_text, message_parser
from civicmail.core.sandbox.extraction import Extraction


def read(content: bytes, extraction: Extraction) -> None:
    file_type = identify(content)
    if file_type.reading == "letter":
        message(content, extraction)
    elif file_type.reading == "html":
        page = html_text.read(decoded(content))
        extraction.text(page.visible)
        extraction.text(page.hidden)
        extraction.text(page.elsewhere)
    else:
        extraction.text(decoded(content))
        if file_type is PGP_MESSAGE:
            raise Unreadable(ENCRYPTED)


def decoded(content: bytes) -> str:
    """Text of a file without a declared charset."""
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            return content[len(mark) :].decode(codec, "replace")
    return charsets.decode(content, "", "", charsets.detect)[0]


def message(content: bytes, extraction: Extraction) -> None:
    """A message with all that is attached to it."""
    fields = message_parser.fields(content)
    people = [f"{a.display} {a.addr}" for a in (*fields.from_, *fields.to, *fields.cc, *fields.bcc)]
    extraction.text("\n".join([fields.subject, *people, fields.text, fields.attached_text]))
    for attached in fields.attachments:
        if attached.content:
            extraction.open(attached.filename or attached.content_type, attached.content)
    if fields.unreadable:
        raise Unreadable(DAMAGED)
