"""The view of a capture that queries see: facts of its record and fields of its message, folded once (HOT: about 0.02 ms each).

`date` is the header date if it is usable (not before 1970, not more than two days after receipt), else the time of receipt. The
sender chooses the header date, so nothing that must be exact (retention, sort order, newer_than:) uses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from civicmail.core.message.model import Address, Fields
from civicmail.core.query.fold import exact, fold
from civicmail.core.query.tree import View
from civicmail.mail.archive.mailbox_evidence import sent_by, withheld_from
from civicmail.mail.archive.records import Capture
from civicmail.mail.search.attachments import NOTHING, AttachmentText

DOOR = "door"  # what came by one; what was imported has no word there, and an import is not made slower by it
KEPT_BACK = "withheld"  # another name of a mailbox whose copy was
LATEST_DATE = 2 * 86_400_000  # ms that clocks and time zones may be wrong


def view(capture: Capture, fields: Fields, attachments: AttachmentText = NOTHING) -> View:
    """The view of one capture that matches() and the index use. said: the text of its attachments. Pure."""
    received = max(0, capture.received)  # as in the capture id
    date = header_date(fields.date, received)
    return {
        "subject": fold(fields.subject),
        "body": fold(fields.text),
        "attachment": fold(f"{fields.attached_text}\n{attachments.text}") if fields.attachments else "",
        "from": _addresses(fields.from_),
        "to": _addresses(fields.to),
        "cc": _addresses(fields.cc),
        "bcc": _addresses(fields.bcc),
        "rcpt": " ".join([address(a) for r in capture.envelope.recipients for a in (r.address, r.box) if a]),
        "filename": " | ".join([fold(a.filename) for a in fields.attachments if a.filename]),
        "filetype": _file_types((a.filename, a.content_type) for a in fields.attachments) if fields.attachments else "",
        "list": fold(fields.list_id),
        "messageid": _identifier(fields.message_id),
        "thread": thread(fields),
        "custodian": f"{fold(capture.custodian)} ={exact(capture.custodian)}" if capture.custodian else "",
        "folder": _folders(capture) if capture.occurrence else "",
        "sent": exact(sent_by(capture)),
        "source": "" if capture.source.kind == "import" else f"{capture.source.kind} {DOOR}",
        "withheld": _withheld(capture) if capture.dispositions else "",
        "mailfrom": _envelope_address(capture.envelope.sender),
        "received": received,
        "date": received if date is None else date,
        "size": capture.size,
        "given": capture.size - fields.blind - (fields.for_whom if capture.is_copy else 0),
        "attachments": len(fields.attachments),
        "unreadable": fields.unreadable + attachments.unreadable,
        "id": capture.id.hex(),
        "sha256": capture.sha256.hex(),
    }


def _folders(capture: Capture) -> str:
    """The folder of an imported message, and its labels; no phrase spans two of them."""
    folder = capture.occurrence.folder if capture.occurrence else ""
    if not capture.labels:
        return fold(folder)
    return " | ".join([fold(name) for name in dict.fromkeys((folder, *capture.labels)) if name])


@lru_cache(maxsize=1 << 12)
def _envelope_address(text: str) -> str:
    """Whole, and by either half; no words."""
    local, domain = (exact(half) for half in _split(text))
    return f"{local}@{domain} {local}@ @{domain}" if local and domain else f"{local}@" if local else ""


def _withheld(capture: Capture) -> str:
    kept_back = withheld_from(capture)
    if not kept_back:
        return ""
    words: dict[str, None] = {capture.id.hex(): None}
    for address_, box, do in kept_back:
        for name in (exact(address_), exact(box)):
            if name:
                words[name] = words[f"{do or KEPT_BACK}:{name}"] = words[do or KEPT_BACK] = None
    return " ".join(words)


def header_date(date: datetime | None, received: int) -> int | None:
    """The Date header in ms since 1970, None where it is absent or not usable."""
    if date is None:
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    ms = int(aware.timestamp()) * 1000
    return ms if 0 <= ms <= received + LATEST_DATE else None


def thread(fields: Fields) -> str:
    """The first message of the conversation as this one names it: the first of References, else of In-Reply-To, else itself."""
    first = fields.references or fields.in_reply_to or (fields.message_id,)
    return _identifier(first[0])


def _identifier(text: str) -> str:
    return exact(text.strip().removeprefix("<").removesuffix(">"))


def _addresses(addresses: tuple[Address, ...]) -> str:
    return " ".join([_address(a.display, a.local, a.domain) for a in addresses])


def address(text: str) -> str:
    """The tokens that match an envelope address."""
    return _address("", *_split(text))


@lru_cache(maxsize=1 << 14)  # the same people write and are written to
def _address(display: str, local: str, domain: str) -> str:
    """The tokens of one address. The whole address comes between its words, so that no phrase spans two people."""
    start = exact(local) + "@"
    at = "@" + exact(domain)
    whole = start + at[1:] if at != "@" else ""
    return f"{fold(display)} {whole} {fold(local)} {start if start != '@' else ''} {at if at != '@' else ''}"


def _split(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return (local, domain) if local else (domain, "")


def _file_types(files: Iterable[tuple[str, str]]) -> str:
    """The extension, or the subtype where the name has none, and the declared type."""
    types: dict[str, None] = {}
    for name, content_type in files:
        kind = exact(content_type)
        extension = exact(name.rpartition(".")[2]) if "." in name else kind.rpartition("/")[2]
        types[extension] = types[kind] = None
    return " ".join(types)
