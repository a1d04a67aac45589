"""Messages as plain values between a sandboxed process (message_worker.py) and its caller. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from civicmail.core.message import charsets
from civicmail.core.message.model import AROUND, STRAY, Address, Attached, Fields, ParsedMessage
from civicmail.mail.search.attachments import Extract, File, files, without_reader

EMPTY = Fields("", (), (), (), (), None, "", (), (), "", "", (), None, (), 0)
"""Of a message that nobody can read."""
_TEXTS = ("subject", "message_id", "list_id", "text", "attached_text")
_NAMES = ("in_reply_to", "references", "defects")
_PEOPLE = ("from_", "to", "cc", "bcc")
_NUMBERS = ("unreadable", "blind", "for_whom")
_DATES = ("date", "received")
_PRINTED = ("subject", "from", "to", "cc", "text", "among_header", "around_parts")
NUMBER_MOST = 1 << 40


def plain(fields: Fields) -> dict[str, Any]:
    """Fields without the content of attachments: the digest of each, and its text if no reader is needed."""
    result: dict[str, Any] = {name: getattr(fields, name) for name in (*_TEXTS, *_NAMES, *_NUMBERS)}
    result |= {name: [[a.display, a.local, a.domain] for a in getattr(fields, name)] for name in _PEOPLE}
    result |= {name: at.isoformat() if (at := getattr(fields, name)) is not None else None for name in _DATES}
    result["attachments"] = [[a.filename, a.content_type, a.size] for a in fields.attachments]
    result["files"] = [[sha256(a.content).hexdigest(), _plain_extract(without_reader(a.content))] for a in files(fields)]
    return result


def fields_of(reply: Mapping[str, Any]) -> tuple[Fields, list[File]]:
    """As plain() gave them. Raises ValueError, TypeError, KeyError where it makes no sense."""
    values: dict[str, Any] = {name: str(reply[name]) for name in _TEXTS}
    values |= {name: tuple(map(str, reply[name])) for name in _NAMES}
    values |= {name: _number(reply[name]) for name in _NUMBERS}
    values |= {name: tuple(Address(*map(str, address)) for address in reply[name]) for name in _PEOPLE}
    values |= {name: datetime.fromisoformat(reply[name]) if reply[name] is not None else None for name in _DATES}
    values["attachments"] = tuple(Attached(str(name), str(kind), _number(size)) for name, kind, size in reply["attachments"])
    return Fields(**values), [File(bytes.fromhex(digest), _extract(known)) for digest, known in reply["files"]]


class Whole(NamedTuple):
    """A file that needs a reader. known: what it says without one."""

    content: bytes
    known: Extract | None = None


def packed(fields: Fields) -> bytes:
    """The files that need a reader: a line of JSON, and the bytes of all, one after the other."""
    attachments = files(fields)
    line = json.dumps([[a.size, _plain_extract(without_reader(a.content))] for a in attachments]).encode()
    return b"".join((line, b"\n", *(a.content for a in attachments)))


def files_of(reply: bytes) -> list[Whole]:
    """As packed() gave them. Raises ValueError, TypeError where it makes no sense."""
    line, _, rest = reply.partition(b"\n")
    result, at = [], 0
    for size, known in json.loads(line):
        end = at + _number(size)
        result.append(Whole(rest[at:end], _extract(known)))
        at = end
    if at != len(rest):
        raise ValueError("not the files that were named")
    return result


def printed(message: ParsedMessage) -> dict[str, Any]:
    """What a command shows of a message; attachments with the SHA-256 of their content."""
    return {
        "subject": message.subject,
        "date": message.date.isoformat() if message.date else None,
        "from": _people(message.from_),
        "to": _people(message.to),
        "cc": _people(message.cc),
        "text": message.text or message.html_text,
        "among_header": _stray(message, STRAY),
        "around_parts": _stray(message, AROUND),
        "attachments": [[a.filename, a.content_type, a.size, a.path, sha256(a.content).hexdigest()] for a in message.attachments],
        "defects": [[d.code, d.where] for d in message.defects],
    }


def printed_of(reply: Mapping[str, Any]) -> Printed:
    """As printed() gave it. Raises ValueError, TypeError, KeyError where it makes no sense."""
    date = datetime.fromisoformat(reply["date"]).isoformat() if reply["date"] is not None else None
    files = [
        PrintedFile(_clean(n), _clean(t), _number(size), _clean(at), bytes.fromhex(x)) for n, t, size, at, x in reply["attachments"]
    ]
    defects = [(_clean(code), int(where)) for code, where in reply["defects"]]
    subject, sender, to, cc, text, among, around = (_clean(reply[name]) for name in _PRINTED)
    return Printed(subject, sender, to, cc, text, among, date, files, defects, around)


class PrintedFile(NamedTuple):
    """digest: SHA-256 of the content."""

    name: str
    type: str
    size: int
    part: str
    digest: bytes


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


def _stray(message: ParsedMessage, path: str) -> str:
    return next((charsets.decode(part.content)[0] for part in message.parts if part.path == path), "")


def _people(addresses: Sequence[Address]) -> str:
    return ", ".join(f"{a.display} <{a.addr}>" if a.display else a.addr for a in addresses)


def _clean(text: object) -> str:
    return str(text).encode("utf-8", "replace").decode()


def _plain_extract(known: Extract | None) -> list[Any] | None:
    return [known.text, known.pictures] if known is not None else None


def _extract(known: Sequence[Any] | None) -> Extract | None:
    if known is None:
        return None
    text, pictures = known
    return Extract(str(text), pictures=_number(pictures))


def _number(value: Any) -> int:
    """As the index can take it."""
    number = int(value)
    if not 0 <= number <= NUMBER_MOST:
        raise ValueError("no number of anything in a message")
    return number
