"""Find messages by envelope: time, sender, recipient, state (P-17, I1). No Django.

Captures of a period come from the catalogue, captures of an address from the search index, waiting ones from the projection, those
of another state from its index. Each envelope is compared, newest first, up to a limit; the answer says how far the search got.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from civicmail.city.guard.actors import Actor
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.fold import exact
from civicmail.core.query.tree import And, Or, Range, Token, Tree
from civicmail.mail.archive.envelopes import MessageTrace, Status, is_named
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.status_index import INDEXED, StatusIndex
from civicmail.mail.search.compile import compiled
from civicmail.mail.search.order import batch
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.schema import id_bytes, ids

PER_PAGE = 50
MAX_ENVELOPES = 400
"""Envelopes that one page reads at most."""


@dataclass(frozen=True, slots=True)
class TraceQuery:
    """since, until: ms, both included; sender, recipient: as envelopes.is_named takes them, "" for any; before: id of the capture
    behind which the page begins; party: the sender or a recipient."""

    since: int
    until: int
    sender: str = ""
    recipient: str = ""
    status: Status | None = None
    before: bytes = b""
    party: str = ""


@dataclass(frozen=True, slots=True)
class TraceResult:
    """rows: newest first; looked: envelopes read for them; window: captures of that time; more: where the next page begins, b""
    where everything was looked at; unread: captures that could not be read."""

    rows: tuple[MessageTrace, ...]
    looked: int
    window: int
    more: bytes
    unread: int

    @property
    def reached(self) -> int:
        """Epoch ms back to which it looked; 0 where it looked at everything."""
        return received_of(self.more) if self.more else 0


def find(
    archive: Archive,
    reader: Reader | None,
    waiting: Collection[bytes],
    query: TraceQuery,
    *,
    statuses: StatusIndex,
    actor: Actor,
    now: int,
    most: int = PER_PAGE,
    looks: int = MAX_ENVELOPES,
) -> TraceResult:
    """Matching messages, reading at most `looks` envelopes. reader: None without an index; waiting: ids of captures with waiting
    or held copies. Raises NotPermitted."""
    places = _candidates(archive, reader, waiting, query, statuses, now)
    rows: list[MessageTrace] = []
    looked = unread = 0
    last, ended = b"", True
    for place in places:
        if len(rows) == most or looked == looks:
            ended = False
            break
        looked, last = looked + 1, place.id
        try:
            traced = archive.envelope(actor, place, now=now)
        except NotInArchive:
            continue
        except DamagedFile:
            unread += 1
            continue
        if fits(traced, query):
            rows.append(traced)
    return TraceResult(tuple(rows), looked, archive.count_in(query.since, query.until), b"" if ended else last, unread)


def fits(traced: MessageTrace, query: TraceQuery) -> bool:
    """Whether an envelope matches the query."""
    if not query.since <= traced.received <= query.until:
        return False
    if query.sender and not is_named(query.sender, traced.sender):
        return False
    if query.recipient and not traced.has_recipient(query.recipient):
        return False
    if query.party and not (is_named(query.party, traced.sender) or traced.has_recipient(query.party)):
        return False
    return query.status is None or traced.status == query.status


def _candidates(
    archive: Archive, reader: Reader | None, waiting: Collection[bytes], query: TraceQuery, statuses: StatusIndex, now: int
) -> Iterator[Place]:
    """Captures that may fit, newest first: never one that fits is left out, as far as the indexes go."""
    tree = _tree(query) if reader is not None else None
    if query.status in ("waiting", "held"):
        removed = statuses.ids(query.status, query.since, query.until, query.before)
        ids_ = {id_ for id_ in waiting if _is_within(id_, query)} | set(removed)
        yield from _placed(archive, sorted(ids_, reverse=True))
    elif reader is not None and tree is not None and query.status not in ("failed", "refused"):
        yield from _placed(archive, _indexed(reader, tree, query))
    elif query.status in INDEXED:
        complete = max(query.since, statuses.complete_since(now))
        yield from _placed(archive, statuses.ids(query.status, complete, query.until, query.before))
        if query.since < complete:
            yield from archive.window(query.since, min(query.until, complete - 1), query.before)
    else:
        yield from archive.window(query.since, query.until, query.before)


def _is_within(id_: bytes, query: TraceQuery) -> bool:
    return query.since <= received_of(id_) <= query.until and (not query.before or id_ < query.before)


def _placed(archive: Archive, ids: Iterable[bytes]) -> Iterator[Place]:
    return (place for id_ in ids if (place := archive.place(id_)) is not None)


def _tree(query: TraceQuery) -> Tree | None:
    """The index query for the addresses of the envelope."""
    parts: list[Tree] = [Token("rcpt", _token(query.recipient))] if query.recipient else []
    parts += [Token("mailfrom", _token(query.sender))] if query.sender and query.sender != "<>" else []
    if query.party and query.party != "<>":
        parts.append(Or((Token("rcpt", _token(query.party)), Token("mailfrom", _token(query.party)))))
    return And((Range("received", query.since, query.until), *parts)) if parts else None


def _token(address: str) -> str:
    """The index token for a whole address, "@domain", or "local@" without a domain."""
    local, at, domain = address.rpartition("@")
    return f"{exact(local)}@{exact(domain)}" if at else f"{exact(address)}@"


def _indexed(reader: Reader, tree: Tree, query: TraceQuery) -> Iterator[bytes]:
    """Ids that the index has, newest first; no document is read."""
    after = (0.0, *ids(query.before)) if query.before else None
    while True:
        batch_, has_more = batch(reader.searchers(), compiled(tree), "newest", after, PER_PAGE)
        yield from (id_bytes(hit.key[1], hit.key[2]) for hit in batch_)
        if not batch_ or not has_more:
            return
        after = batch_[-1].key
