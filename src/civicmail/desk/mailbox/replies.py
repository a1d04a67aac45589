"""The initial content of a reply, a reply to all and a forward: recipients, subject, Message-IDs, the quoted text, the files of a
forward.

Made from the copy that this person received, never from more. Pure except for the sandboxed process that reads the message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from civicmail.core.sandbox.errors import Unreadable
from civicmail.desk.mailbox.compose import NamedAddress
from civicmail.desk.mailbox.mail_list import header_of
from civicmail.desk.mailbox.recipients import address_of
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.message_view import Block, File, Person, Run, Shown

ReplyKind = Literal["reply", "all", "forward"]
REPLY_KINDS: tuple[ReplyKind, ...] = ("reply", "all", "forward")
MAX_QUOTED = 100_000
"""Characters of a message that are quoted: the first page of it."""


@dataclass(frozen=True, slots=True)
class Source:
    """The message to answer. content: the bytes that this person may see; shown: as a sandboxed process read them; sent: one of
    their mailboxes sent it; mine: their addresses, lower case."""

    content: bytes
    shown: Shown
    sent: bool
    mine: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReplyStart:
    """The initial fields of a reply. in_reply_to, references: as in compose.NewMessage."""

    to: tuple[NamedAddress, ...]
    cc: tuple[NamedAddress, ...]
    subject: str
    in_reply_to: str
    references: str


def source_of(content: bytes, *, sent: bool, mine: Collection[str]) -> Source:
    """Never raises: unreadable content is quoted as nothing."""
    shown = sandboxed.read(content)
    assert shown is not None, "the message itself is always there"
    return Source(content, shown, sent, frozenset(a.lower() for a in mine))


def start_reply(source: Source, how: ReplyKind) -> ReplyStart:
    """Start a reply. It goes to Reply-To, else to the author; a reply to one's own message goes to its recipients. A reply to all
    goes to everyone named, except the person."""
    shown = source.shown
    fields = header_of(source.content)
    title = subject(source)[:380]
    if how == "forward":
        return ReplyStart((), (), _with_prefix(title, "Fwd:"), "", " ".join(_ids(fields.references, fields.message_id)))
    to = _recipients(shown.to) if source.sent else _recipients(shown.reply_to) or _recipients(shown.from_)
    cc: tuple[NamedAddress, ...] = ()
    if how == "all":
        known = {n.address.lower() for n in to} | source.mine
        candidates = (*shown.cc,) if source.sent else (*shown.to, *shown.cc)
        cc = tuple(n for n in _recipients(candidates) if n.address.lower() not in known)
        to = tuple(n for n in to if n.address.lower() not in source.mine) or to
    id_ = f"<{fields.message_id}>" if fields.message_id else ""
    return ReplyStart(to, cc, _with_prefix(title, "Re:"), id_, " ".join(_ids(fields.references, fields.message_id)))


def quote_text(source: Source, how: ReplyKind, intro: str) -> str:
    """Quote the message below an introduction. A reply quotes each line; a forward passes the text on unchanged."""
    lines = list(_lines(source.shown.blocks, mark=how != "forward"))
    return "\n".join([intro, *([""] if how == "forward" else []), *lines]).rstrip()[:MAX_QUOTED]


def files_of(source: Source) -> tuple[File, ...]:
    """The files of a forward; files in attached messages come with those."""
    return tuple(file for file in source.shown.files if file.depth == 0)


def take_files(source: Source, paths: Collection[str]) -> Iterator[tuple[File, str, bytes]]:
    """Yield the chosen files with name and bytes. Raises Unreadable."""
    for file in files_of(source):
        if file.path in paths:
            part = sandboxed.part(source.content, file.path)
            if part is None:
                raise Unreadable("")
            yield file, part[0], part[1]


def written_at(source: Source, otherwise: datetime) -> datetime:
    """The Date of the message, or `otherwise`."""
    return header_of(source.content).date or otherwise


def subject(source: Source) -> str:
    """In one line."""
    return " ".join(_plain_text(source.shown.subject).split())


def people_text(persons: Collection[Person]) -> str:
    """Names and addresses of a field, as text."""
    return ", ".join(
        f"{name} <{_plain_text(p.address)}>" if (name := _plain_text(p.name)) else _plain_text(p.address) for p in persons
    )


def _recipients(persons: Collection[Person]) -> tuple[NamedAddress, ...]:
    """The addresses that can receive mail, once each."""
    named: dict[str, NamedAddress] = {}
    for person in persons:
        if address := address_of(_plain_text(person.address)):
            named.setdefault(address.lower(), NamedAddress(address, " ".join(_plain_text(person.name).split())))
    return tuple(named.values())


def _ids(references: Collection[str], last: str) -> list[str]:
    return [f"<{id_}>" for id_ in (*references, last) if id_]


def _with_prefix(title: str, mark: str) -> str:
    known = ("re:", "aw:", "rv:") if mark == "Re:" else ("fwd:", "fw:", "wg:")
    return title if title.lower().startswith(known) else f"{mark} {title}".strip()


def _plain_text(runs: Collection[Run]) -> str:
    """Text without invisible characters."""
    return "".join(run.text for run in runs if run.kind in ("text", "link"))


def _lines(blocks: Collection[Block], *, mark: bool) -> Iterator[str]:
    first, last = True, 0
    for block in blocks:
        depth = block.quote + mark
        if not first:
            yield ">" * min(depth, last) if mark else ""
        text = "----" if block.kind == "rule" else _plain_text(block.runs)
        for line in text.split("\n"):
            yield f"{'>' * depth} {line}".rstrip() if depth else line
        first, last = False, depth
