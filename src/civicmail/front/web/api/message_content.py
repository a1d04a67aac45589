"""Message content for programs: text and facts, read in a sandboxed process like the page's, never foreign HTML."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.http import Http404, HttpRequest
from ninja import Schema

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.city_request import or_404
from civicmail.core.message.model import Fields
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.message_view import Block, Person, Run, Shown
from civicmail.mail.archive.records import Capture

EARLIEST, LATEST = -2_208_988_800_000, 221_845_392_000_000  # the years 1900 and 9000


class File(Schema):
    """path: for `part`; declared: as the sender says; kind: what it is; odd: its name promises something else; size: bytes."""

    path: str
    name: str
    declared: str
    kind: str
    odd: bool
    size: int
    sha256: str


class Message(Schema):
    """shut: a copy that is kept back, of which only the header is told. date: as it says of itself; sha256, size: of what who looks
    may have; page, pages: of the text; failed: why nothing could be read."""

    id: uuid.UUID
    received: datetime
    date: datetime | None
    shut: bool
    sender: list[str]
    reply_to: list[str]
    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    message_id: str
    size: int
    sha256: str
    text: str
    page: int
    pages: int
    files: list[File]
    failed: str


def message(request: HttpRequest, capture: Capture, content: bytes) -> Message:
    """content: the bytes that who looks may have. `page` of the address turns the text, `inside` opens an attached message."""
    text = request.GET.get("page", "1")
    page = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
    inside = request.GET.get("inside", "")
    if len(inside) > 500 or not all(c.isascii() and (c.isdigit() or c in "./") for c in inside):
        raise Http404
    shown = or_404(sandboxed.read(content, page=page, path=inside))
    return _message(capture, shown)


def _message(capture: Capture, shown: Shown) -> Message:
    date = shown.date if shown.date is not None and EARLIEST <= shown.date <= LATEST else None
    files = [
        File(path=f.path, name=runs_text(f.name), declared=f.declared, kind=f.kind, odd=f.odd, size=f.size, sha256=f.sha256)
        for f in shown.files
    ]
    return Message(
        id=uuid.UUID(bytes=capture.id), received=from_ms(capture.received), date=from_ms(date) if date is not None else None,
        shut=False, sender=_people(shown.from_), reply_to=_people(shown.reply_to), to=_people(shown.to), cc=_people(shown.cc),
        bcc=_people(shown.bcc), subject=runs_text(shown.subject), message_id=shown.message_id, size=shown.size, sha256=shown.sha256,
        text="\n".join(_line(block) for block in shown.blocks), page=shown.page, pages=shown.pages, files=files,
        failed=shown.failed,
    )  # fmt: skip


def shut(capture: Capture, fields: Fields) -> Message:
    """What a list shows of a copy that is kept back."""
    names = [f"{a.display} <{a.addr}>" if a.display else a.addr for a in fields.from_]
    return Message(
        id=uuid.UUID(bytes=capture.id), received=from_ms(capture.received), date=None, shut=True, sender=names, reply_to=[], to=[],
        cc=[], bcc=[], subject=fields.subject, message_id="", size=0, sha256="", text="", page=1, pages=1, files=[], failed="",
    )  # fmt: skip


def runs_text(runs: Iterable[Run]) -> str:
    """Runs as text; a character that nobody sees is told by its number."""
    return "".join(f"[{r.text}]" if r.kind in ("control", "picture") else r.text for r in runs)


def _people(people: Iterable[Person]) -> list[str]:
    return [f"{name} <{runs_text(p.address)}>" if (name := runs_text(p.name)) else runs_text(p.address) for p in people]


def _line(block: Block) -> str:
    return f"{'> ' * block.quote}{runs_text(block.runs)}"
