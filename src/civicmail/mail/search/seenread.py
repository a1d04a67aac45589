"""What a search reads of a message, as plain values on their way from a limited process (seenworker.py) to who asks it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from civicmail.core.message.shapes import Address, Attached, Fields
from civicmail.mail.search.attached import Extract, File, at_once, files

EMPTY = Fields("", (), (), (), (), None, "", (), (), "", "", (), None, (), 0)
"""Of a message that nobody can read."""
_TEXTS = ("subject", "message_id", "list_id", "text", "attached_text")
_NAMES = ("in_reply_to", "references", "defects")
_PEOPLE = ("from_", "to", "cc", "bcc")
_NUMBERS = ("unreadable", "blind", "for_whom")
_DATES = ("date", "received")


def plain(fields: Fields) -> dict[str, Any]:
    """Without the content of what is attached: of that its digest, and what it says without a reader of its own."""
    found: dict[str, Any] = {name: getattr(fields, name) for name in (*_TEXTS, *_NAMES, *_NUMBERS)}
    found |= {name: [[a.display, a.local, a.domain] for a in getattr(fields, name)] for name in _PEOPLE}
    found |= {name: at.isoformat() if (at := getattr(fields, name)) is not None else None for name in _DATES}
    found["attachments"] = [[a.filename, a.content_type, a.size] for a in fields.attachments]
    found["files"] = [[sha256(a.content).hexdigest(), _said(at_once(a.content))] for a in files(fields)]
    return found


def fields_of(said: Mapping[str, Any]) -> tuple[Fields, list[File]]:
    """As plain() gave them. Raises ValueError, TypeError, KeyError where it makes no sense."""
    found: dict[str, Any] = {name: str(said[name]) for name in _TEXTS}
    found |= {name: tuple(map(str, said[name])) for name in _NAMES}
    found |= {name: int(said[name]) for name in _NUMBERS}
    found |= {name: tuple(Address(*map(str, one)) for one in said[name]) for name in _PEOPLE}
    found |= {name: datetime.fromisoformat(said[name]) if said[name] is not None else None for name in _DATES}
    found["attachments"] = tuple(Attached(str(name), str(kind), int(size)) for name, kind, size in said["attachments"])
    return Fields(**found), [File(bytes.fromhex(digest), _extract(known)) for digest, known in said["files"]]


def _said(known: Extract | None) -> list[Any] | None:
    return [known.text, known.pictures] if known is not None else None


def _extract(known: Sequence[Any] | None) -> Extract | None:
    if known is None:
        return None
    text, pictures = known
    return Extract(str(text), pictures=int(pictures))
