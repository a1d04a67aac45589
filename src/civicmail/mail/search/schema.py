"""The schema of all indexes, and the document of a capture.

Texts are indexed and not stored, with positions where they are words; the tokenizer only splits at spaces, because fold() has
done the rest. Numbers are columns. The capture id is the two columns hi and lo (hi begins with the time of receipt, so it sorts),
the SHA-256 the four s1 to s4. What search prints beyond the columns is one stored JSON array: [date in ms or null, from, [to],
subject], and where a message has files that need a reader their names (attached.name_of), which `file` finds.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

import orjson
import tantivy

from civicmail.core.message.model import Address, Fields
from civicmail.core.query.fold import fold
from civicmail.core.query.tree import EXACT, TEXTS, View
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.attachments import NOTHING, AttachmentText
from civicmail.mail.search.fields import header_date

VERSION = 6  # a change of schema, of fold() or of view() makes a new generation
NUMBERS = ("hi", "date", "size", "given", "attachments", "unreadable", "s2", "s3", "s4")
KEYS = ("lo", "s1", "waiting")  # also searched by value: deletions, lookups, captures that still wait
_NUMBERED, _WRITTEN = frozenset((*NUMBERS, *KEYS)), frozenset((*TEXTS, "file", "stored"))
_ID = struct.Struct(">2Q")
_SHA = struct.Struct(">4Q")


def build() -> tantivy.Schema:
    """The schema; equal in every process of one version."""
    builder = tantivy.SchemaBuilder()
    for text in TEXTS:
        builder.add_text_field(text, tokenizer_name="whitespace", index_option="basic" if text in EXACT else "position")
    builder.add_text_field("file", tokenizer_name="whitespace", index_option="basic")
    for name in NUMBERS:
        builder.add_unsigned_field(name, fast=True)
    for name in KEYS:
        builder.add_unsigned_field(name, fast=True, indexed=True)
    builder.add_bytes_field("stored", stored=True)
    return builder.build()


SCHEMA = build()


def document(view: View, capture: Capture, fields: Fields, attachments: AttachmentText = NOTHING) -> str:
    """The index document of one capture: JSON, with base64 for bytes, so that processes can exchange it. It has the field `waiting`
    only if files wait, and `given` only if it differs from the size. Raises JSONEncodeError for invalid text (lone surrogates)."""
    made: dict[str, Any] = {text: value for text in TEXTS if (value := view[text])}
    made["hi"], made["lo"] = _ID.unpack(capture.id)
    made["s1"], made["s2"], made["s3"], made["s4"] = _SHA.unpack(capture.sha256)
    made["date"], made["size"], made["attachments"] = view["date"], view["size"], view["attachments"]
    if view["given"] != view["size"]:
        made["given"] = view["given"]
    made["unreadable"] = view["unreadable"]
    if attachments.waiting:
        made["waiting"] = attachments.waiting
    if attachments.files:
        made["file"] = " ".join(attachments.files)
    made["stored"] = base64.b64encode(stored(capture, fields, attachments.files)).decode("ascii")
    return orjson.dumps(made).decode("utf-8")


def with_attachment_text(made: str, attachments: AttachmentText) -> str:
    """Add the text of files to a document that was made before they were read. Raises as document(), and ValueError."""
    plain = orjson.loads(made)
    plain["attachment"] = f"{plain.get('attachment', '')} {fold(attachments.text)}"
    plain["unreadable"] += attachments.unreadable
    if attachments.waiting:
        plain["waiting"] = attachments.waiting
    return orjson.dumps(plain).decode("utf-8")


def is_document(made: str, id_: bytes) -> bool:
    """Whether a text from another process is a valid document of this capture."""
    try:
        plain = orjson.loads(made)
        date, sender, to, subject, *files = orjson.loads(base64.b64decode(plain["stored"], validate=True))
        words = all(isinstance(text, str) for text in (sender, subject, *to, *(name for names in files for name in names)))
        own = (plain["hi"], plain["lo"]) == ids(id_)
        return own and words and (date is None or type(date) is int) and all(map(_fits, plain.items()))
    except (TypeError, ValueError, KeyError, AttributeError):
        return False


def _fits(field: tuple[str, Any]) -> bool:
    name, value = field
    if name in _NUMBERED:
        return type(value) is int and 0 <= value < 1 << 64
    return name in _WRITTEN and isinstance(value, str)


def stored(capture: Capture, fields: Fields, files: tuple[str, ...] = ()) -> bytes:
    """The stored values of a hit and its files; lone surrogates are replaced."""
    printed: list[Any] = [
        header_date(fields.date, capture.received),
        ", ".join([_printed(a) for a in fields.from_]),
        [_printed(a) for a in fields.to],
        fields.subject,
    ]
    if files:
        printed.append(list(files))
    try:
        return orjson.dumps(printed)
    except orjson.JSONEncodeError:
        return orjson.dumps(_clean(printed))


def ids(capture_id: bytes) -> tuple[int, int]:
    """The columns hi and lo of a capture id."""
    hi, lo = _ID.unpack(capture_id)
    return hi, lo


def id_bytes(hi: int, lo: int) -> bytes:
    return _ID.pack(hi, lo)


def sha_bytes(s1: int, s2: int, s3: int, s4: int) -> bytes:
    return _SHA.pack(s1, s2, s3, s4)


def _printed(address: Address) -> str:
    return f"{address.display} <{address.addr}>" if address.display else address.addr


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_clean(v) for v in value] if isinstance(value, list) else value
