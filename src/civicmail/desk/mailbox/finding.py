"""A page of my mail, as the address of the page asks for it: hits, how many there are, how things stand with each. Knows no Django.

No body is read for a list. How a copy stands comes from the projection of the journals; what has ended is read from the archive for
what I sent and what was kept back from me, once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from civicmail.city.access.permits import Permit
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import headers, letter
from civicmail.core.message.shapes import Fields
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Digits, Everything, Or, Range, Token, Tree
from civicmail.core.query.whose import IMPORTED, NOTHING, done_with, kept_for, reached, sent_from
from civicmail.desk.mailbox import scope
from civicmail.desk.mailbox.fates import Fates, mine_of
from civicmail.desk.mailbox.scope import Eye, Mine
from civicmail.desk.mailbox.waiting import Copy, Waiting
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import threads
from civicmail.mail.search.counts import count
from civicmail.mail.search.order import Sort
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, among, cursor_at, search

PER_PAGE = 50
LOOKED_AT = 200  # captures that were withheld when they came: so many are looked up at a time, the newest first
BY_STATE = 500  # captures that wait or are held and are listed
FILE_MOST = 50_000  # rows of a file

Direction = Literal["", "sent", "received", "imported"]
Stand = Literal["", "waiting", "held", "refused"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. words: the query; since: ms of receipt; after, before: cursors of the next and the earlier page."""

    words: str = ""
    direction: Direction = ""
    stand: Stand = ""
    since: int | None = None
    after: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A hit as this person sees it. sent: a mailbox of mine sent it; imported: it came by an import. size: of what this person has.
    state: (role, word key) of the components, "" for as it should be."""

    hit: Hit
    eye: Eye
    sent: bool
    imported: bool
    size: int
    state: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """total: that fit, everything: that are mine, unread: of these not all could be read. after, before: cursors, "" where there is
    no such page. known: whether it can be told what waits; behind: what came in the last moments is not searchable yet."""

    rows: tuple[Row, ...]
    total: int
    everything: int
    unread: int
    after: str
    before: str
    known: bool = True
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page is made with. now: ms."""

    reader: Reader
    archive: Archive
    permit: Permit
    mine: Mine
    waiting: Waiting
    fates: Fates
    now: int


def page(desk: Desk, asked: Asked) -> Answer:
    """Raises QueryError for words that are no query."""
    known = desk.waiting.look(desk.now)
    opened = delivered_since(desk)
    tree = wanted(desk, asked, opened)
    hits, after, before, fitting = _turned(desk.reader, tree, asked)
    total = count(desk.reader, tree) if fitting is None else fitting
    everything = count(desk.reader, scope.own(Everything(), desk.mine, opened))
    unread = count(desk.reader, scope.own(Range("unreadable", 1), desk.mine, opened))
    behind = desk.waiting.are_ahead_of(desk.reader.coverage.journals)
    return Answer(tuple(rows(desk, hits, opened)), total, everything, unread, after, before, known, behind)


def every(desk: Desk, asked: Asked) -> Iterator[Row]:
    """All rows, for a file."""
    desk.waiting.look(desk.now)
    opened = delivered_since(desk)
    tree, cursor, left = wanted(desk, asked, opened), "", FILE_MOST
    while left > 0:
        found = search(desk.reader, tree, limit=min(500, left), cursor=cursor, scored=False)
        yield from rows(desk, found.hits, opened)
        left, cursor = left - len(found.hits), found.cursor
        if not cursor:
            return


def conversation(desk: Desk, first: str) -> list[Row]:
    """What is mine of a conversation, the oldest first. first: the token of the message that the one at hand names as the first."""
    desk.waiting.look(desk.now)
    opened = delivered_since(desk)

    tree = scope.own(_resolved(desk, Token("thread", first), opened), desk.mine, opened)
    return list(rows(desk, search(desk.reader, tree, limit=PER_PAGE * 4, sort="oldest", scored=False).hits, opened))


def wanted(desk: Desk, asked: Asked, opened: Collection[str]) -> Tree:
    """What is asked for, within what is mine."""
    tree = _resolved(desk, parse(asked.words, now=_moment(desk.now)), opened)
    parts = [scope.own(tree, desk.mine, opened), *_direction(asked.direction, desk.mine), *_standing(desk, asked.stand)]
    if asked.since is not None:
        parts.append(Range("received", asked.since))
    return And(tuple(parts))


def delivered_since(desk: Desk) -> frozenset[str]:
    """Ids (32 digits) of what was withheld from me when it came and is delivered by now. Others of them stay shut."""
    withheld = search(desk.reader, scope.withheld_at_first(desk.mine), limit=LOOKED_AT, scored=False).hits
    return frozenset(h.id.replace("-", "") for h in withheld if is_delivered(desk, uuid.UUID(h.id).bytes))


def is_delivered(desk: Desk, id_: bytes) -> bool:
    """Whether a copy for me was handed over. Of one that is held at this moment nothing is read."""
    if any(c.held and c.address in desk.mine.addresses for c in desk.waiting.copies(id_)):
        return False
    return "delivered" in mine_of(desk.fates.of(desk.archive, desk.permit, id_), desk.mine.addresses)


def rows(desk: Desk, hits: Collection[Hit], opened: Collection[str]) -> Iterator[Row]:
    """Hits that are mine, with how each is seen."""
    mine = desk.mine
    sent = among(desk.reader, sent_from(mine.addresses), hits)
    authored = among(desk.reader, scope.authored(mine), hits)
    shut = among(desk.reader, scope.kept_back(mine, opened), hits)
    imported = among(desk.reader, IMPORTED, hits)
    refused = among(desk.reader, And((scope.authored(mine), done_with("refuse"))), hits)
    for hit in hits:
        eye: Eye = "author" if hit.id in authored else "shut" if hit.id in shut else "given"
        state = _state(desk, hit, eye, hit.id in sent, hit.id in refused)
        yield Row(hit, eye, hit.id in sent, hit.id in imported, hit.size if eye == "author" else hit.given, state)


def _turned(reader: Reader, tree: Tree, asked: Asked) -> tuple[tuple[Hit, ...], str, str, int | None]:
    """The hits of the page, where the next and the earlier page begin, and how many fit, where that is known already."""
    back: Sort = "oldest"
    if asked.before:
        found = search(reader, tree, limit=PER_PAGE, sort=back, cursor=asked.before, scored=False)
        hits = found.hits[::-1]
        return hits, cursor_at(hits[-1], "newest") if hits else "", found.cursor and cursor_at(hits[0], back), None
    found = search(reader, tree, limit=PER_PAGE, cursor=asked.after, scored=False)
    earlier = cursor_at(found.hits[0], back) if asked.after and found.hits else ""
    return found.hits, found.cursor, earlier, None if asked.after else found.total


def _direction(direction: Direction, mine: Mine) -> list[Tree]:
    match direction:
        case "sent":
            return [sent_from(mine.addresses)]
        case "received":
            return [reached(mine.addresses)]
        case "imported":
            return [kept_for(mine.names)]
    return []


def _standing(desk: Desk, stand: Stand) -> list[Tree]:
    """What waits, is held, was refused. Of a message that came to me only my own copy counts."""
    if not stand:
        return []
    mine = desk.mine
    if stand == "refused":
        refused = And((scope.kept_back(mine), done_with("refuse", mine.addresses)))
        return [Or((And((scope.authored(mine), done_with("refuse"))), refused))]
    found = []
    for id_ in desk.waiting.of(mine.addresses, held=stand == "held", most=BY_STATE):
        copies = [c for c in desk.waiting.copies(id_) if c.held == (stand == "held")]
        one: Tree = Digits("id", id_.hex())
        if any(c.address in mine.addresses for c in copies):
            found.append(one)
        elif copies:
            found.append(And((one, sent_from(mine.addresses))))
    return [Or(tuple(found)) if found else NOTHING]


def _state(desk: Desk, hit: Hit, eye: Eye, sent: bool, refused: bool) -> tuple[str, str]:
    """How things stand: role of the state and which word (words.STATES)."""
    id_ = uuid.UUID(hit.id).bytes
    copies = desk.waiting.copies(id_)
    if eye == "author":
        return ("stop", "refused") if refused else _of_sent(desk, id_, copies) if sent else ("plain", "imported")
    own = [c for c in copies if c.address in desk.mine.addresses]
    if eye == "given":
        return "plain", "arriving" if any(not c.held for c in own) else ""
    if any(c.held for c in own):
        return ("lock", "quarantined" if any(c.do == "quarantine" for c in own) else "held")
    states = mine_of(desk.fates.of(desk.archive, desk.permit, id_), desk.mine.addresses)
    return ("stop", "refused") if "refused" in states else ("stop", "not-delivered")


def _of_sent(desk: Desk, id_: bytes, copies: tuple[Copy, ...]) -> tuple[str, str]:
    """The recipient with the worst news counts."""
    if any(c.held for c in copies):
        return ("lock", "held")
    if copies:
        return ("wait", "trying" if any(c.tries for c in copies) else "waiting")
    states = {state for _, _, state in desk.fates.of(desk.archive, desk.permit, id_)}
    if states & {"failed", "cancelled"}:
        return ("stop", "not-delivered")
    return ("plain", "delivered" if "delivered" in states else "sent")


def _resolved(desk: Desk, tree: Tree, opened: Collection[str]) -> Tree:
    """With every thread: widened to the conversation of the message that it names, where that may be read."""

    def within(narrowed: Tree) -> Tree:
        return scope.readable(narrowed, desk.mine, opened)

    return threads.resolved(desk.reader, tree, _reading(desk), within)


def _reading(desk: Desk) -> Callable[[str], Fields | None]:
    """For thread:, which has to look at the messages that it names; only mine are looked up."""

    def read(id_: str) -> Fields | None:
        try:
            place = desk.archive.place(uuid.UUID(id_).bytes)
            return header_of(desk.archive.body(desk.permit, place)) if place else None
        except (DamagedFile, NotInArchive):
            return None

    return read


def header_of(body: bytes) -> Fields:
    """What the header alone says: a body may be anything, and is read elsewhere."""
    return letter.fields(body[: headers.header_block(body)])


def _moment(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)
