"""Read a message: a line for each header field that may be released, then the one text of its body. Only sandboxed processes
import it.

Of alternative parts only the longer is the body, and only that is ever released.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from civicmail.core.message import header_values, structure
from civicmail.core.message.header_scan import as_buffer
from civicmail.core.message.model import Address
from civicmail.core.redaction.native_path import FIELDS
from civicmail.core.redaction.shapes import Document
from civicmail.core.redaction.words import text_document

_SPACE = re.compile(r"\s+")


def read(content: bytes) -> Document:
    message = structure.parse(as_buffer(content))
    texts = structure.texts(message)
    head = header_values.read(message.head, message.charset, message.defects)
    files = [node.filename or node.content_type for node in message.nodes if node.attachment]
    values = {  # of what else a header has - Received, DKIM-Signature, ARC, Authentication-Results - nothing is ever released
        "From": _addresses(head.from_),
        "To": _addresses(head.to),
        "Cc": _addresses(head.cc),
        "Bcc": _addresses(head.bcc),
        "Date": head.date.strftime("%a, %d %b %Y %H:%M:%S %z") if head.date else "",
        "Subject": head.subject,
        "Attachments": ", ".join(files),
    }
    lines = [f"{name}: {_SPACE.sub(' ', values[name]).strip()}" for name in FIELDS if values[name].strip()]
    plain, visible = "\n".join(texts.plain).strip(), "\n".join(texts.visible).strip()
    body = visible if _letters(visible) > _letters(plain) else plain
    hidden = []
    if plain and visible and _letters(plain) != _letters(visible):
        hidden.append("an alternative text, which differs")
    if texts.hidden or texts.elsewhere:
        hidden.append("text that the message hides, or that only some programs show")
    hidden.append("header fields of its transport and signatures")
    return text_document(["\n".join(lines), *([body] if body else []), *texts.reports], hidden)


def _addresses(addresses: Iterable[Address]) -> str:
    return ", ".join([f"{_quoted(a.display)} <{a.addr}>" if a.display else a.addr for a in addresses])


def _quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)
