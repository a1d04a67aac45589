"""A page of the person's mail: the hits, their number, and the state of each. Knows no Django.

No body is read for a list. The state of a copy comes from the projection of the journals. Final outcomes of messages that the
person sent, or that were withheld from them, are read from the archive once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import batched
from typing import Literal

from civicmail.city.guard.permits import Permit
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message import header_scan, message_parser
from civicmail.core.message.model import Fields
from civicmail.core.query.parse import parse
from civicmail.core.query.scopes import IMPORTED, LOCAL, NOTHING, OUTSIDE, imported_for, received_by, sent_from, with_disposition
from civicmail.core.query.tree import Among, And, Digits, Everything, Not, Or, Range, Token, Tree
from civicmail.desk.mailbox import pagination, scope
from civicmail.desk.mailbox.delivery_outcomes import OutcomeCache, held_copies, overall_outcome, own_states
from civicmail.desk.mailbox.label_query import split_labels
from civicmail.desk.mailbox.mail_marks import MailMarks
from civicmail.desk.mailbox.pagination import BATCH_SIZE, MAX_QUERY_IDS, IdFilter, Order, count_matching, hit_page, ids
from civicmail.desk.mailbox.pagination import all_hits as every_hit
from civicmail.desk.mailbox.pending_copies import PendingCopies, PendingCopy
from civicmail.desk.mailbox.pending_decisions import SentCopy
from civicmail.desk.mailbox.scope import OwnMail, ViewKind
from civicmail.desk.mailbox.warning_marks import WarningMarks
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import threads
from civicmail.mail.search.counts import count, count_each
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, among, search

PER_PAGE = 50
MAX_WITHHELD = 200  # captures that were withheld when they came: so many are looked up at a time, the newest first
MAX_BY_STATE = 500  # captures that wait or are held and are listed
MAX_FILE_ROWS = 50_000  # rows of a file

Direction = Literal["", "inbox", "sent", "received", "outside", "imported"]
StateFilter = Literal["", "waiting", "held", "removed", "refused", "unread", "starred", "hidden"]
_MARK_FILTERS: frozenset[StateFilter] = frozenset({"unread", "starred", "hidden"})
"""Filters by the person's own marks, which are no evidence."""
_SYSTEM = "mailer-daemon@"
"""In From of notices and delivery reports. Only a shortcut, because anybody may write it."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query of a list address. words: the query; since, until: ms of receipt, the latter excluded; after, before: cursors of
    the next and the earlier page; label: row of a label, 0 for any."""

    words: str = ""
    direction: Direction = ""
    stand: StateFilter = ""
    since: int | None = None
    after: str = ""
    before: str = ""
    label: int = 0
    until: int | None = None
    order: Order = "newest"


@dataclass(frozen=True, slots=True)
class Row:
    """A hit as this person sees it. sent: one of their mailboxes sent it; imported: by an import; ours: the city's mail system
    wrote it; size: of what this person received; state: key of words.STATES, "" for an ordinary one; new: no relevant person has
    opened it; labels: names; files: it has some, which is not said of a withheld copy; held: copies of what they sent that wait for
    a person; marks: names of the warnings that the person's own copy came with from outside."""

    hit: Hit
    eye: ViewKind
    sent: bool
    imported: bool
    size: int
    state: str
    new: bool = False
    starred: bool = False
    labels: tuple[str, ...] = ()
    ours: bool = False
    files: bool = False
    held: tuple[SentCopy, ...] = ()
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListPage:
    """total: matching; everything: all of the person's; unread: of these, not fully readable. after, before: cursors, "" if there
    is no such page. known: whether pending copies are known; behind: the newest mail is not searchable yet; unopened: ids by row of
    a function mailbox, 0 for all others; hidden: number left out because the person hid them."""

    rows: tuple[Row, ...]
    total: int
    everything: int
    unread: int
    after: str
    before: str
    known: bool = True
    behind: bool = False
    unopened: Mapping[int, frozenset[bytes]] = field(default_factory=dict)
    hidden: int = 0

    @property
    def new(self) -> int:
        """Number of unopened messages."""
        return len(frozenset().union(*self.unopened.values()))


@dataclass(frozen=True, slots=True)
class MailContext:
    """The context of a page. now: ms."""

    reader: Reader
    archive: Archive
    permit: Permit
    mine: OwnMail
    waiting: PendingCopies
    fates: OutcomeCache
    warnings: WarningMarks
    now: int
    kept: MailMarks


def list_page(desk: MailContext, query: ListQuery) -> ListPage:
    """Raises QueryError for an invalid query."""
    is_known = desk.waiting.refresh(desk.now)
    opened = delivered_since(desk)
    tree, under = query_tree(desk, query, opened)
    unopened_ids = unopened_by_box(desk, opened)
    new = frozenset[bytes]().union(*unopened_ids.values())
    page_hits = hit_page(
        desk.reader,
        tree,
        mark_filter(desk, query, new, under),
        after=query.after,
        before=query.before,
        size=PER_PAGE,
        order=query.order,
    )
    all_mine = scope.own(Everything(), desk.mine, opened)
    is_unfiltered = replace(query, after="", before="", order="newest") == ListQuery()  # then the list has been counted already
    everything = page_hits.total if is_unfiltered else count_matching(desk.reader, all_mine, IdFilter(without=desk.kept.hidden))
    hidden = count(desk.reader, all_mine) - everything if desk.kept.hidden else 0
    unread = count(desk.reader, scope.own(Range("unreadable", 1), desk.mine, opened))
    behind = desk.waiting.are_ahead_of(desk.reader.coverage.journals)
    page_rows = tuple(rows(desk, page_hits.hits, opened, new))
    return ListPage(
        page_rows, page_hits.total, everything, unread, page_hits.after, page_hits.before, is_known, behind, unopened_ids, hidden
    )


def neighbors(desk: MailContext, query: ListQuery, id_: uuid.UUID) -> tuple[str, str]:
    """Ids of the next newer and the next older message of a list; "" where there is none. Raises QueryError."""
    hit = next(iter(search(desk.reader, Among(frozenset({id_.hex})), limit=1, scored=False).hits), None)
    if hit is None:
        return "", ""
    desk.waiting.refresh(desk.now)
    opened = delivered_since(desk)
    tree, under = query_tree(desk, query, opened)
    new = unopened(desk, opened) if query.stand == "unread" else frozenset()
    return pagination.neighbors(desk.reader, tree, mark_filter(desk, query, new, under), hit)


def all_rows(desk: MailContext, query: ListQuery) -> Iterator[Row]:
    """All rows, for a file."""
    opened = delivered_since(desk)
    new = unopened(desk, opened)
    for batch in batched(matching_hits(desk, query, MAX_FILE_ROWS), BATCH_SIZE):
        yield from rows(desk, batch, opened, new)


def matching_hits(desk: MailContext, query: ListQuery, most: int) -> Iterator[Hit]:
    """The newest hits of a list."""
    desk.waiting.refresh(desk.now)
    opened = delivered_since(desk)
    tree, under = query_tree(desk, query, opened)
    return every_hit(desk.reader, tree, mark_filter(desk, query, unopened(desk, opened), under), most)


def mark_filter(desk: MailContext, query: ListQuery, new: frozenset[bytes], only: frozenset[bytes] | None) -> IdFilter:
    """Filter by the person's marks; hidden messages are left out unless requested. only: a further restriction by the words."""
    marks = desk.kept
    id_sets = [{"unread": new, "starred": marks.starred, "hidden": marks.hidden}.get(query.stand), only]
    if query.label:
        id_sets.append(marks.labeled((query.label,)))
    sets = [ids for ids in id_sets if ids is not None]
    return IdFilter(frozenset.intersection(*sets) if sets else None, frozenset() if query.stand == "hidden" else marks.hidden)


def unopened(desk: MailContext, opened: Collection[str] = (), *, own: bool = False) -> frozenset[bytes]:
    """Ids of unopened mail of all mailboxes. own: without function mailboxes."""
    by_box = unopened_by_box(desk, opened, own=own)
    return frozenset[bytes]().union(*by_box.values())


def unopened_by_box(desk: MailContext, opened: Collection[str] = (), *, own: bool = False) -> dict[int, frozenset[bytes]]:
    """Ids of mail of the last weeks that was not opened: mail of a function mailbox by any of its users, by row; other mail by the
    person, under 0. Hidden mail does not count. own: without function mailboxes."""
    marks, recent = desk.kept, Range("received", desk.kept.since)
    delivered = scope.received(desk.mine, opened)
    by_addresses = {0: ([a for box in desk.mine.boxes if not box.is_offices for a in box.addresses], marks.read)}
    by_addresses |= {box.row: (list(box.addresses), marks.opened(box.row)) for box in desk.mine.boxes if box.is_offices and not own}
    return {
        row: ids(desk.reader, And((recent, received_by(addresses), delivered))) - frozenset(seen) - marks.hidden
        for row, (addresses, seen) in by_addresses.items()
        if addresses
    }


def count_of(desk: MailContext, query: ListQuery) -> int:
    """The number of rows of a list by direction, state and days; not by marks."""
    opened = delivered_since(desk)
    tree, under = query_tree(desk, query, opened)
    return count_matching(desk.reader, tree, mark_filter(desk, query, frozenset(), under))


def conversation(desk: MailContext, first: str) -> list[Row]:
    """The person's messages of a conversation, oldest first. first: the token of its first message."""
    desk.waiting.refresh(desk.now)
    opened = delivered_since(desk)

    tree = scope.own(_resolve_threads(desk, Token("thread", first), opened), desk.mine, opened)
    hits = search(desk.reader, tree, limit=PER_PAGE * 4, sort="oldest", scored=False).hits
    return list(rows(desk, hits, opened, unopened(desk, opened)))


def thread_sizes(desk: MailContext, firsts: Collection[str]) -> dict[str, int]:
    """The number of the person's messages in conversations, by the token of the first message."""
    opened = delivered_since(desk)
    trees = [scope.own(Token("thread", first), desk.mine, opened) for first in firsts]
    return dict(zip(firsts, count_each(desk.reader, trees), strict=True))


def query_tree(desk: MailContext, query: ListQuery, opened: Collection[str]) -> tuple[Tree, frozenset[bytes] | None]:
    """The query within the person's mail, and the captures to which large labels restrict it."""
    words, labels = split_labels(parse(query.words, now=_moment(desk.now)), desk.kept, MAX_QUERY_IDS)
    tree = _resolve_threads(desk, words, opened)
    label_ids = [many | ids(desk.reader, scope.own(leaf, desk.mine, opened)) for leaf, many in labels]
    parts = [scope.own(tree, desk.mine, opened), *_direction(query.direction, desk.mine), *_state_filter(desk, query.stand)]
    if query.since is not None or query.until is not None:
        parts.append(Range("received", query.since, None if query.until is None else query.until - 1))
    return And(tuple(parts)), frozenset.intersection(*label_ids) if label_ids else None


def delivered_since(desk: MailContext) -> frozenset[str]:
    """Ids (32 digits) of mail that was withheld from the person at first and is delivered by now. Others stay withheld."""
    withheld = search(desk.reader, scope.initially_withheld(desk.mine), limit=MAX_WITHHELD, scored=False).hits
    return frozenset(h.id.replace("-", "") for h in withheld if is_delivered(desk, uuid.UUID(h.id).bytes))


def is_delivered(desk: MailContext, id_: bytes) -> bool:
    """Whether a copy was delivered to the person. Content of a copy held at this moment is not read."""
    if any(c.held and c.address in desk.mine.addresses for c in desk.waiting.copies(id_)):
        return False
    return "delivered" in own_states(desk.fates.get(desk.archive, desk.permit, id_), desk.mine.addresses)


def rows(desk: MailContext, hits: Collection[Hit], opened: Collection[str], new: Collection[bytes] = ()) -> Iterator[Row]:
    """The person's hits, with the kind of view of each. new: ids of unopened mail."""
    mine = desk.mine
    sent = among(desk.reader, sent_from(mine.addresses), hits)
    authored = among(desk.reader, scope.authored(mine), hits)
    withheld = among(desk.reader, scope.kept_back(mine, opened), hits)
    imported = among(desk.reader, IMPORTED, hits)
    written_here = among(desk.reader, LOCAL, [hit for hit in hits if _SYSTEM in hit.from_.lower()])
    refused = among(desk.reader, And((scope.authored(mine), with_disposition("refuse"))), hits)
    with_files = among(desk.reader, Range("attachments", 1), [hit for hit in hits if hit.id not in withheld])
    outside = among(desk.reader, OUTSIDE, [hit for hit in hits if hit.id not in authored | withheld])
    labels = desk.kept.labels_on(uuid.UUID(hit.id).bytes for hit in hits)
    for hit in hits:
        eye: ViewKind = "author" if hit.id in authored else "shut" if hit.id in withheld else "given"
        state = _state(desk, hit, eye, hit.id in sent, hit.id in refused)
        id_ = uuid.UUID(hit.id).bytes
        size = hit.size if eye == "author" else hit.given
        names = tuple(mark.name for mark in labels.get(id_, ()))
        marks = (id_ in new, id_ in desk.kept.starred, names)
        held = held_copies(desk.archive, desk.permit, id_) if eye == "author" and state == "held" else ()
        warnings = desk.warnings.get(desk.archive, desk.permit, id_, mine.addresses) if hit.id in outside else frozenset[str]()
        ours, files = hit.id in written_here, hit.id in with_files
        yield Row(hit, eye, hit.id in sent, hit.id in imported, size, state, *marks, ours, files, held, warnings)


def _direction(direction: Direction, mine: OwnMail) -> list[Tree]:
    match direction:
        case "inbox":
            return [Not(sent_from(mine.addresses))]
        case "outside":
            return [received_by(mine.addresses), OUTSIDE]
        case "sent":
            return [sent_from(mine.addresses)]
        case "received":
            return [received_by(mine.addresses)]
        case "imported":
            return [imported_for(mine.names)]
    return []


def _state_filter(desk: MailContext, stand: StateFilter) -> list[Tree]:
    """Waiting, held, removed or refused mail. Of a received message only the person's own copy counts."""
    if not stand or stand in _MARK_FILTERS:
        return []
    mine = desk.mine
    if stand == "refused":
        refused = And((scope.kept_back(mine), with_disposition("refuse", mine.addresses)))
        return [Or((And((scope.authored(mine), with_disposition("refuse"))), refused))]
    parts = []
    for id_ in desk.waiting.ids_for(mine.addresses, stand=stand, limit=MAX_BY_STATE):
        copies = [c for c in desk.waiting.copies(id_) if c.held == (stand != "waiting")]
        leaf: Tree = Digits("id", id_.hex())
        if any(c.address in mine.addresses for c in copies):
            parts.append(leaf)
        elif copies:
            parts.append(And((leaf, sent_from(mine.addresses))))
    return [Or(tuple(parts)) if parts else NOTHING]


def _state(desk: MailContext, hit: Hit, eye: ViewKind, sent: bool, refused: bool) -> str:
    """The state, a key of words.STATES."""
    id_ = uuid.UUID(hit.id).bytes
    copies = desk.waiting.copies(id_)
    if eye == "author":
        return "refused" if refused else _sent_state(desk, id_, copies) if sent else "imported"
    own = [c for c in copies if c.address in desk.mine.addresses]
    if eye == "given":
        return "arriving" if any(not c.held for c in own) else ""
    if any(c.held for c in own):
        return "quarantined" if any(c.do == "quarantine" for c in own) else "held"
    states = own_states(desk.fates.get(desk.archive, desk.permit, id_), desk.mine.addresses)
    return "refused" if "refused" in states else "not-delivered"


def _sent_state(desk: MailContext, id_: bytes, copies: tuple[PendingCopy, ...]) -> str:
    """The recipient with the worst state counts."""
    if any(c.held for c in copies):
        return "held"
    if copies:
        return "deferred" if any(c.tries for c in copies) else "waiting"
    return overall_outcome(desk.fates.get(desk.archive, desk.permit, id_))


def _resolve_threads(desk: MailContext, tree: Tree, opened: Collection[str]) -> Tree:
    """Widen every thread: operator to the conversation of the message that it names, if that may be read."""

    def within(narrowed: Tree) -> Tree:
        return scope.readable(narrowed, desk.mine, opened)

    return threads.resolved(desk.reader, tree, _header_reader(desk), within)


def _header_reader(desk: MailContext) -> Callable[[str], Fields | None]:
    """Read headers for thread:, of the person's own messages only."""

    def read(id_: str) -> Fields | None:
        try:
            place = desk.archive.place(uuid.UUID(id_).bytes)
            return header_of(desk.archive.body(desk.permit, place)) if place else None
        except (DamagedFile, NotInArchive):
            return None

    return read


def header_of(body: bytes) -> Fields:
    """Read the header alone; the body is read in a sandbox."""
    return message_parser.fields(body[: header_scan.header_length(body)])


def _moment(now: int) -> datetime:
    return datetime.fromtimestamp(now / 1000, UTC)
