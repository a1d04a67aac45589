"""A page of my mail, as the address of the page asks for it: hits, how many there are, how things stand with each. Knows no Django.

No body is read for a list. How a copy stands comes from the projection of the journals; what has ended is read from the archive for
what I sent and what was kept back from me, once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from typing import Literal

from civicmail.city.access.permits import Permit
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import header_scan, message_parser
from civicmail.core.message.model import Fields
from civicmail.core.query.parse import parse
from civicmail.core.query.scopes import IMPORTED, LOCAL, NOTHING, imported_for, received_by, sent_from, with_disposition
from civicmail.core.query.tree import And, Digits, Everything, Or, Range, Token, Tree
from civicmail.desk.mailbox import scope
from civicmail.desk.mailbox.fates import Fates, mine_of, outcome
from civicmail.desk.mailbox.kept import Kept
from civicmail.desk.mailbox.scope import Eye, Mine
from civicmail.desk.mailbox.turning import AT_ONCE, FEW, Narrow, counted, ids, turned
from civicmail.desk.mailbox.turning import every as every_hit
from civicmail.desk.mailbox.underlabels import apart
from civicmail.desk.mailbox.waiting import Copy, Waiting
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import threads
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, among, search

PER_PAGE = 50
LOOKED_AT = 200  # captures that were withheld when they came: so many are looked up at a time, the newest first
BY_STATE = 500  # captures that wait or are held and are listed
FILE_MOST = 50_000  # rows of a file

Direction = Literal["", "sent", "received", "imported"]
Stand = Literal["", "waiting", "held", "refused", "unread", "starred", "hidden"]
_OF_MINE: frozenset[Stand] = frozenset({"unread", "starred", "hidden"})
"""What the person made of it, and no evidence says."""
_SYSTEM = "mailer-daemon@"
"""In From of notices and of reports about delivery. It only spares looking: anybody may write it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. words: the query; since: ms of receipt; after, before: cursors of the next and the earlier page;
    label: row of a label, 0 for any."""

    words: str = ""
    direction: Direction = ""
    stand: Stand = ""
    since: int | None = None
    after: str = ""
    before: str = ""
    label: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A hit as this person sees it. sent: a mailbox of mine sent it; imported: it came by an import; ours: the city's mail system
    wrote it. size: of what this person has. state: (role, word key) of the components, "" for as it should be. new: nobody who
    counts has opened it; labels: names."""

    hit: Hit
    eye: Eye
    sent: bool
    imported: bool
    size: int
    state: tuple[str, str]
    new: bool = False
    starred: bool = False
    labels: tuple[str, ...] = ()
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """total: that fit, everything: that are mine, unread: of these not all could be read. after, before: cursors, "" where there is
    no such page. known: whether it can be told what waits; behind: what came in the last moments is not searchable yet; new: how
    many were not opened; hidden: how many are left out because the person hid them, of all that are theirs."""

    rows: tuple[Row, ...]
    total: int
    everything: int
    unread: int
    after: str
    before: str
    known: bool = True
    behind: bool = False
    new: int = 0
    hidden: int = 0


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
    kept: Kept


def page(desk: Desk, asked: Asked) -> Answer:
    """Raises QueryError for words that are no query."""
    known = desk.waiting.look(desk.now)
    opened = delivered_since(desk)
    tree, under = wanted(desk, asked, opened)
    new = unopened(desk, opened)
    found = turned(desk.reader, tree, narrow(desk, asked, new, under), after=asked.after, before=asked.before, size=PER_PAGE)
    all_mine = scope.own(Everything(), desk.mine, opened)
    plain = Asked(after=asked.after, before=asked.before) == asked  # then the list has been counted already
    everything = found.total if plain else counted(desk.reader, all_mine, Narrow(without=desk.kept.hidden))
    hidden = count(desk.reader, all_mine) - everything if desk.kept.hidden else 0
    unread = count(desk.reader, scope.own(Range("unreadable", 1), desk.mine, opened))
    behind = desk.waiting.are_ahead_of(desk.reader.coverage.journals)
    listed = tuple(rows(desk, found.hits, opened, new))
    return Answer(listed, found.total, everything, unread, found.after, found.before, known, behind, len(new), hidden)


def every(desk: Desk, asked: Asked) -> Iterator[Row]:
    """All rows, for a file."""
    desk.waiting.look(desk.now)
    opened = delivered_since(desk)
    (tree, under), new = wanted(desk, asked, opened), unopened(desk, opened)
    for some in batched(every_hit(desk.reader, tree, narrow(desk, asked, new, under), FILE_MOST), AT_ONCE):
        yield from rows(desk, some, opened, new)


def narrow(desk: Desk, asked: Asked, new: frozenset[bytes], only: frozenset[bytes] | None) -> Narrow:
    """What the person made of their mail, as far as the address asks for it: hidden is left out unless it is what is asked for.
    only: what the words ask for besides."""
    kept = desk.kept
    wanted = [{"unread": new, "starred": kept.starred, "hidden": kept.hidden}.get(asked.stand), only]
    if asked.label:
        wanted.append(kept.labelled((asked.label,)))
    sets = [ids for ids in wanted if ids is not None]
    return Narrow(frozenset.intersection(*sets) if sets else None, frozenset() if asked.stand == "hidden" else kept.hidden)


def unopened(desk: Desk, opened: Collection[str] = (), *, own: bool = False) -> frozenset[bytes]:
    """Ids of what came to mailboxes of mine in the last weeks and was not opened: in my own by me, in one of a function by nobody
    who uses it. What is hidden does not count. own: only what is not a function's."""
    kept, recent = desk.kept, Range("received", desk.kept.since)
    of = [([a for box in desk.mine.boxes if not box.is_offices for a in box.addresses], kept.read)]
    of += [(list(box.addresses), kept.opened(box.row)) for box in desk.mine.boxes if box.is_offices and not own]
    given = scope.got(desk.mine, opened)
    found = [
        ids(desk.reader, And((recent, received_by(addresses), given))) - frozenset(seen) for addresses, seen in of if addresses
    ]
    return frozenset().union(*found) - kept.hidden


def conversation(desk: Desk, first: str) -> list[Row]:
    """What is mine of a conversation, the oldest first. first: the token of the message that the one at hand names as the first."""
    desk.waiting.look(desk.now)
    opened = delivered_since(desk)

    tree = scope.own(_resolved(desk, Token("thread", first), opened), desk.mine, opened)
    found = search(desk.reader, tree, limit=PER_PAGE * 4, sort="oldest", scored=False).hits
    return list(rows(desk, found, opened, unopened(desk, opened)))


def wanted(desk: Desk, asked: Asked, opened: Collection[str]) -> tuple[Tree, frozenset[bytes] | None]:
    """What is asked for, within what is mine; and captures of which one must be it, where the words name a label of many."""
    words, labels = apart(parse(asked.words, now=_moment(desk.now)), desk.kept, FEW)
    tree = _resolved(desk, words, opened)
    under = [many | ids(desk.reader, scope.own(leaf, desk.mine, opened)) for leaf, many in labels]
    parts = [scope.own(tree, desk.mine, opened), *_direction(asked.direction, desk.mine), *_standing(desk, asked.stand)]
    if asked.since is not None:
        parts.append(Range("received", asked.since))
    return And(tuple(parts)), frozenset.intersection(*under) if under else None


def delivered_since(desk: Desk) -> frozenset[str]:
    """Ids (32 digits) of what was withheld from me when it came and is delivered by now. Others of them stay shut."""
    withheld = search(desk.reader, scope.withheld_at_first(desk.mine), limit=LOOKED_AT, scored=False).hits
    return frozenset(h.id.replace("-", "") for h in withheld if is_delivered(desk, uuid.UUID(h.id).bytes))


def is_delivered(desk: Desk, id_: bytes) -> bool:
    """Whether a copy for me was handed over. Of one that is held at this moment nothing is read."""
    if any(c.held and c.address in desk.mine.addresses for c in desk.waiting.copies(id_)):
        return False
    return "delivered" in mine_of(desk.fates.of(desk.archive, desk.permit, id_), desk.mine.addresses)


def rows(desk: Desk, hits: Collection[Hit], opened: Collection[str], new: Collection[bytes] = ()) -> Iterator[Row]:
    """Hits that are mine, with how each is seen. new: ids of what was not opened."""
    mine = desk.mine
    sent = among(desk.reader, sent_from(mine.addresses), hits)
    authored = among(desk.reader, scope.authored(mine), hits)
    shut = among(desk.reader, scope.kept_back(mine, opened), hits)
    imported = among(desk.reader, IMPORTED, hits)
    ours = among(desk.reader, LOCAL, [hit for hit in hits if _SYSTEM in hit.from_.lower()])
    refused = among(desk.reader, And((scope.authored(mine), with_disposition("refuse"))), hits)
    labels = desk.kept.labels_on(uuid.UUID(hit.id).bytes for hit in hits)
    for hit in hits:
        eye: Eye = "author" if hit.id in authored else "shut" if hit.id in shut else "given"
        state = _state(desk, hit, eye, hit.id in sent, hit.id in refused)
        id_ = uuid.UUID(hit.id).bytes
        size = hit.size if eye == "author" else hit.given
        names = tuple(mark.name for mark in labels.get(id_, ()))
        marks = (id_ in new, id_ in desk.kept.starred, names)
        yield Row(hit, eye, hit.id in sent, hit.id in imported, size, state, *marks, hit.id in ours)


def _direction(direction: Direction, mine: Mine) -> list[Tree]:
    match direction:
        case "sent":
            return [sent_from(mine.addresses)]
        case "received":
            return [received_by(mine.addresses)]
        case "imported":
            return [imported_for(mine.names)]
    return []


def _standing(desk: Desk, stand: Stand) -> list[Tree]:
    """What waits, is held, was refused. Of a message that came to me only my own copy counts."""
    if not stand or stand in _OF_MINE:
        return []
    mine = desk.mine
    if stand == "refused":
        refused = And((scope.kept_back(mine), with_disposition("refuse", mine.addresses)))
        return [Or((And((scope.authored(mine), with_disposition("refuse"))), refused))]
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
    word = outcome(desk.fates.of(desk.archive, desk.permit, id_))
    return ("stop" if word in ("not-delivered", "not-all") else "plain", word)


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
    return message_parser.fields(body[: header_scan.header_length(body)])


def _moment(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)
