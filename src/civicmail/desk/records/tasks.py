"""The worker's jobs of the records desk: make searches piece by piece, and keep the holds of requests."""

from __future__ import annotations

import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import batched
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.mandates import Scope as WordScope
from civicmail.city.guard.models import Account
from civicmail.city.identity.queries.actors import actor_of
from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import OS_FILES
from civicmail.core.ledger import checkpoints
from civicmail.core.query.tree import And, Everything, Near, Not, Or, Range, Token, Tree, Words
from civicmail.desk.records.actions import holds, searches
from civicmail.desk.records.gate import gate_of
from civicmail.desk.records.listed_items import ItemReader, ListedMessage
from civicmail.desk.records.models import Item, Request, Search
from civicmail.desk.records.near_duplicates import Features, clusters, inclusive
from civicmail.desk.records.queries import law
from civicmail.desk.records.queries.items import UNDER_WAY
from civicmail.desk.records.queries.requests import mandate_of
from civicmail.desk.records.states import OPEN
from civicmail.desk.workbench import batch_read
from civicmail.desk.workbench.export import Message
from civicmail.desk.workbench.scope import Gate
from civicmail.mail.archive import holds as archive_holds
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import count, counts, files_waiting
from civicmail.mail.search.listing import hits, list_all
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.reread import read_again
from civicmail.mail.search.search import Hit
from civicmail.mail.search.unsearched import sums, unsearchable

PIECE = 0.5
"""Seconds of work between two checks whether it may continue."""
BATCH_SIZE = 100
MOST_MAILBOXES, MOST_TERMS = 200, 40
"""Of the table of counts."""
LATE = 120_000
"""ms for which a search waits for the index, and for files whose text is not read yet."""
log = get_logger()

Clock = Callable[[], int]


def folder(data: Path, search: Search) -> Path:
    """Where a search has its work: features.jsonl, one line for each message. It is removed at the end."""
    return data / "records" / f"search-{search.pk}"


def read_items_again(data: Path) -> int:
    """Have messages read again whose items somebody asked for; returns how many items."""
    items = list(Item.objects.filter(settled="reading").order_by("pk")[:BATCH_SIZE])
    for item in items:
        read_again(data, uuid.UUID(item.capture).bytes)
        searches.note_read_again(item)
    return len(items)


class Searching:
    """Continue the oldest search. clock: ms."""

    def __init__(self, data: Path, clock: Clock) -> None:
        self._data = data
        self._clock = clock
        self._made: Running | None = None

    def step(self) -> bool:
        """Process one piece; False if there is nothing to do now."""
        row = Search.objects.filter(state__in=UNDER_WAY).select_related("scope__request", "by").order_by("pk").first()
        if row is None or (self._made is not None and self._made.row.pk != row.pk):
            self._made = None
        if row is None:
            return False
        try:
            if self._made is None:
                self._made = Running(self._data, row, self._clock)
            if self._made.step(PIECE):
                self._made.finish()
                self._made = None
        except LaterError:  # the ledger lags, or the index does
            self._made = None
            return False
        except (CivicmailError, OSError) as error:
            self._made = None
            if not isinstance(error, (NotPermitted, Conflict)):
                log.error("a search for a request failed", search=row.pk, error=type(error).__name__)
            with suppress(Conflict):
                searches.fail(
                    row, str(error) if isinstance(error, CivicmailError) else "Its work could not be written.", self._clock()
                )
        return True


class Running:
    """One search, resumed behind what is listed. Raises NotPermitted, Conflict, NotRecorded; LaterError if the index lags."""

    def __init__(self, data: Path, row: Search, clock: Clock) -> None:
        now, at = clock(), epoch_ms(row.at)
        self.row = row
        self._data = data
        self._clock = clock
        self._archive, self._reader = Archive(data), Reader(data)
        self._within: Tree = Range("received", None, at)
        indexed, self._population = count(self._reader, self._within), self._archive.count_in(0, at)
        if (indexed < self._population or files_waiting(self._reader, self._within)) and now - at < LATE:
            raise LaterError("The index is not as far as the archive.")
        account = Account.objects.select_related("person").get(person=row.by)
        self._actor: Actor = actor_of(account, "worker", now)
        self._mandate: Mandate = mandate_of(row.scope.request, self._actor, now)
        permit = searches.begin(row, actor=self._actor, now=now)
        self._gate: Gate = gate_of(self._mandate, self._archive, permit, now)
        self._tree = self._mandate.scope.tree(epoch_ms(row.scope.at))
        reached = sums(self._reader, self._tree, self._within)
        missing = self._population - indexed
        searches.count(
            row,
            found=reached.found,
            unsearchable=reached.unsearchable + missing,
            excluded=reached.excluded,
            population=self._population,
        )
        self._items = ItemReader(data, settings.CITY.city.domains)
        self._folder = folder(data, row)
        OS_FILES.make_folder(self._folder, levels=2)
        self._groups = self._listed()

    def _listed(self) -> Iterator[tuple[list[Hit], bool]]:
        """Batches of captures that are not listed yet, oldest first, and whether they match."""
        done = set(Item.objects.filter(search=self.row, part="").values_list("capture", flat=True))
        matching = sorted(list_all(self._reader, And((self._tree, self._within))))
        for ids, is_hit in ((matching, True), (unsearchable(self._reader, self._tree, self._within), False)):
            for some in batched(ids, BATCH_SIZE):
                batch = [hit for hit in reversed(list(hits(self._reader, some))) if hit.id not in done]
                if batch:
                    yield batch, is_hit

    def step(self, seconds: float) -> bool:
        """Continue for about this long; True if everything is listed."""
        until = time.monotonic() + seconds
        for batch, is_hit in self._groups:
            self._list(batch, is_hit)
            if time.monotonic() >= until:
                self._require()
                return False
        return True

    def _list(self, batch: list[Hit], is_hit: bool) -> None:
        def read(place: Any) -> ListedMessage:
            message: Message = self._gate.read(place)
            return self._items.read(message, is_hit=is_hit)

        found = [
            self._items.lost(hit) if isinstance(message, str) else message
            for hit, message in batch_read.read(self._archive, read, batch)
        ]
        lines = (orjson.dumps([m.id, m.features.signature, sorted(m.features.lines)]) for m in found)
        with (self._folder / "features.jsonl").open("ab") as file:
            file.write(b"\n" + b"\n".join(lines) + b"\n")  # the first one ends a line that a kill has torn
        searches.list_items(self.row, found, {m.id for m in found} if is_hit else ())

    def _require(self) -> None:
        """Raise NotPermitted or Conflict if the person may no longer search, or the scope has changed."""
        fresh = mandate_of(self.row.scope.request, self._actor, self._clock())
        if fresh.scope != self._mandate.scope:
            raise Conflict("The scope has changed since this search was ordered.")

    def finish(self) -> None:
        """Find threads, near-duplicates and counts, and say what was searched."""
        self._relate(_features(self._folder))
        generation = coverage.current(self._data)
        saved = coverage.load(generation) if generation else None
        plain = counts(self._reader, self._tree, archived=self._archive.count()).plain()
        covered: dict[str, Any] = {key: value for key, value in plain.items() if key not in ("count", "unique")}
        covered |= {"version": saved.version if saved else 0, "journals": coverage.covered(self._data)}
        latest = checkpoints.latest(self._data / "ledger")
        checkpoint = f"{latest.size} {latest.root.hex()}" if latest else ""
        searches.finish(self.row, counts=self._table(), coverage=covered, checkpoint=checkpoint, now=self._clock())
        for path in self._folder.iterdir():
            OS_FILES.unlink(path)
        self._folder.rmdir()

    def _relate(self, features: dict[str, Features]) -> None:
        """Store the place of each message in its thread, whether it is inclusive, and its cluster."""
        messages = list(Item.objects.filter(search=self.row, part="").order_by("received", "number"))
        files: Counter[int | None] = Counter(Item.objects.filter(search=self.row).exclude(part="").values_list("parent", flat=True))
        nothing = Features((), frozenset())
        numbers = clusters([features.get(item.capture, nothing).signature for item in messages])
        contents: dict[int, set[str]] = defaultdict(set)
        for item, number in zip(messages, numbers, strict=True):
            if number is not None:
                contents[number].add(item.content)
        threads: dict[str, list[Item]] = defaultdict(list)
        for item, number in zip(messages, numbers, strict=True):
            item.cluster = number if number is not None and len(contents[number]) > 1 else None
            threads[item.thread or item.capture].append(item)
        for some in threads.values():
            whole = inclusive([features.get(item.capture, nothing).lines for item in some])
            for place, (item, is_whole) in enumerate(zip(some, whole, strict=True)):
                item.place, item.inclusive = place, is_whole or files[item.pk] > 0
        Item.objects.bulk_update(messages, ["place", "inclusive", "cluster"], batch_size=500)

    def _table(self) -> dict[str, dict[str, int]]:
        """Messages by term and mailbox; under "" all of a mailbox."""
        holders: Counter[str] = Counter()
        for some in Item.objects.filter(search=self.row, part="", hit=True).values_list("holders", flat=True).iterator():
            holders.update(some)
        boxes = [box for box, _ in holders.most_common(MOST_MAILBOXES)]
        table = {"": {box: holders[box] for box in boxes}}
        now = epoch_ms(self.row.scope.at)
        for term, leaf in list(dict(terms(self._tree)).items())[:MOST_TERMS]:
            of_term = And((self._tree, self._within, leaf))
            table[term] = {"": count(self._reader, of_term)}
            for box in boxes:
                if number := count(self._reader, And((of_term, WordScope((), (box,), custodians=(box,)).tree(now)))):
                    table[term][box] = number
        return table


def terms(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """(words, leaf) of every positive condition on words."""
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms(part)
        case Words(field, tokens, prefix):
            yield f"{field + ':' if field else ''}{' '.join(tokens)}{'*' if prefix else ''}", tree
        case Token(field, token, prefix):
            yield f"{field}:{token}{'*' if prefix else ''}", tree
        case Near(left, right, most):
            yield f"{' '.join(left.tokens)} AROUND {most} {' '.join(right.tokens)}", tree
        case Not() | Everything() | Range():
            return


def _features(work: Path) -> dict[str, Features]:
    features: dict[str, Features] = {}
    path = work / "features.jsonl"
    for line in path.read_bytes().split(b"\n") if path.exists() else ():
        with suppress(orjson.JSONDecodeError):  # torn by a kill: its message is read again
            capture, signature, lines = orjson.loads(line)
            features[capture] = Features(tuple(signature), frozenset(lines))
    return features


def keep_holds(data: Path, now: int) -> int:
    """Place what open requests lack, and lift the holds of those whose period is over; return how many changed."""
    changed = 0
    for request in Request.objects.filter(state__in=OPEN):
        wanted = set(request.scopes.filter(state__in=holds.LIVE).values_list("pk", flat=True))
        agreed = request.scopes.filter(state="agreed").exists()
        present = set(holds.current(request).values_list("scope", flat=True))
        if present != (wanted if agreed else {None}):
            known = {hold.scope: hold.id for hold in archive_holds.load(data)}
            with suppress(LeaseHeld, LaterError):
                holds.place_for(request, actor=searches.WORKER, now=now, known=known)
                changed += 1
    over = Request.objects.exclude(state__in=OPEN).filter(suit__isnull=True, holds__ended__isnull=True, holds__isnull=False)
    for request in over.distinct():
        pack = law.pack_or_none(request)
        if pack is None or not holds.is_over(request, pack, timezone.localdate(from_ms(now))):
            continue  # without its law nothing is lifted by a guess
        for hold in holds.current(request):
            with suppress(LeaseHeld, LaterError):
                reason = f"The law's period after request {request.number} is over."
                holds.end(hold, actor=searches.WORKER, reason=reason, now=now)
                changed += 1
    return changed
