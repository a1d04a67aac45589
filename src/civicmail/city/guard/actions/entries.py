"""Write audit entries in the transaction of the act, and carry them to the ledger (A1, A3).

`enter` belongs in the transaction of a change; acts outside the database use external_acts.py. `enter_alone` is for content views:
when it returns, its entry is durable in a journal and its own transaction is committed, so that nothing is shown before it is
recorded, and control over the database does not remove the record (E6). The table is a view of the journals: their consumer writes
missing rows (`restore`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotRecorded
from civicmail.city.guard.models import Carried, Entry
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.release import VERSION
from civicmail.core.ledger.entry_journal import EntryJournal
from civicmail.core.ledger.heads import canonical

MAX_LAG_MS = 60_000
"""ms that an entry may wait for the ledger before nothing more is shown."""

COLUMNS = ("at", "act", "person", "duty", "behalf", "object", "reason", "facts", "client")
"""What the table has of an entry beside its head."""

SETTLED_AFTER_MS = 3_600_000
"""ms for which no transaction stays open."""


_single_transaction = ContextVar("one_answer", default=False)
_looks: ContextVar[list[Entry] | None] = ContextVar("looks", default=None)
"""Entries that are to be durable in a journal before their transaction is committed; None outside of a look."""


@contextmanager
def single_transaction() -> Iterator[None]:
    """One transaction for a whole request that answers after its commit: content is not shown before."""
    token = _single_transaction.set(True)
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        _single_transaction.reset(token)


def enter(
    act: str,
    *,
    actor: Actor,
    reason: str,
    now: int,
    object: str = "",
    role: str = "",
    behalf: str = "",
    facts: dict[str, Any] | None = None,
) -> Entry:
    """Write the entry of an act into the open transaction. now: ms; facts: text, whole numbers and lists of them, with before and
    after of what changed; never a subject, a body or an outsider's address (I4)."""
    _require_transaction()
    made = _entry(act, actor, reason, now, object, facts or {}, role=role, behalf=behalf)
    made.save(force_insert=True)
    if (looks := _looks.get()) is not None:
        looks.append(made)
    return made


def enter_each(act: str, done: Iterable[tuple[str, dict[str, Any]]], *, actor: Actor, reason: str, now: int) -> None:
    """Write entries as enter(), for one act on many objects: (object, facts) of each."""
    _require_transaction()
    rows = [_entry(act, actor, reason, now, object, facts) for object, facts in done]
    Entry.objects.bulk_create(rows, batch_size=500)


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("An entry is part of the transaction of what it describes.")


def _entry(
    act: str, actor: Actor, reason: str, now: int, object: str, facts: dict[str, Any], *, role: str = "", behalf: str = ""
) -> Entry:
    plain = plain_of(act, actor, reason, now, object, facts, role=role, behalf=behalf)
    columns = {name: value for name, value in plain.items() if name not in ("v", "version")}
    return Entry(**columns, head=canonical(plain))


def plain_of(
    act: str, actor: Actor, reason: str, now: int, object: str, facts: dict[str, Any], *, role: str = "", behalf: str = ""
) -> dict[str, Any]:
    """An entry as data, under a uuid of its own."""
    context = {"person": actor.uid, "duty": role, "behalf": behalf, "object": object, "reason": reason, "client": actor.client}
    return {"v": 1, "uuid": str(uuid.uuid4()), "at": now, "act": act, "facts": facts, "version": VERSION, **context}


def enter_alone(act: str, *, actor: Actor, reason: str, now: int, object: str = "", role: str = "", facts: dict[str, Any]) -> Entry:
    """Commit the entry of something that is about to be shown. Raises NotRecorded when it could not be written, or when the ledger
    lags: then nothing may be shown."""
    with before_showing(now):
        return enter(act, actor=actor, reason=reason, now=now, object=object, role=role, facts=facts)


@contextmanager
def before_showing(now: int) -> Iterator[None]:
    """The transaction that is committed before something is shown; its entries are durable in a journal before. Raises NotRecorded
    as enter_alone does."""
    try:
        require_fresh(now)
        with transaction.atomic(durable=not _single_transaction.get()), _journaled(now):
            yield
    except (DatabaseError, NotJournaled) as error:
        raise NotRecorded("Nothing was shown, because the audit log cannot be written now. Try again in a minute.") from error


@contextmanager
def _journaled(now: int) -> Iterator[None]:
    """Make entries of the transaction within durable in a journal when it ends, by one sync, and note their places in the table. If
    the transaction is then not committed, the journal still shows the attempt. Raises NotJournaled."""
    made: list[Entry] = []
    token = _looks.set(made)
    try:
        yield
    finally:
        _looks.reset(token)
    data = settings.DATA
    if not made or data is None:
        return
    try:
        places = EntryJournal.for_folder(data).append([orjson.loads(entry.head) for entry in made], now)
    except (CivicmailError, OSError) as error:
        raise NotJournaled from error
    mark_carried([(entry, journal, number) for entry, (journal, number) in zip(made, places, strict=True)], now=now)


class NotJournaled(Exception):
    """No journal could be written; converted to NotRecorded."""


def require_fresh(now: int) -> None:
    """Raise NotRecorded while the ledger lags: nothing is shown then, not even what leaves no entry."""
    if (lag := lag_ms(now)) > MAX_LAG_MS:
        raise NotRecorded(f"The ledger is {lag // 1000} seconds behind, so nothing was shown. Try again in a minute.")


def enter_ahead(act: str, *, actor: Actor, reason: str, now: int, object: str = "", role: str = "", facts: dict[str, Any]) -> Entry:
    """Commit the entry of a look that does not wait for the ledger, or of something long that begins, such as an import. Raises
    NotRecorded when it could not be written: then nothing may be shown, and nothing begins."""
    try:
        with transaction.atomic(durable=not _single_transaction.get()), _journaled(now):
            return enter(act, actor=actor, reason=reason, now=now, object=object, role=role, facts=facts)
    except (DatabaseError, NotJournaled) as error:
        raise NotRecorded("Nothing was changed, because the audit log cannot be written now. Try again in a minute.") from error


def lag_ms(now: int) -> int:
    """The age of the oldest entry that the ledger does not have yet; 0 without one."""
    rows = Entry.objects.filter(id__gt=settled(now), carried__isnull=True).order_by("at")
    oldest = rows.values_list("at", flat=True).first()
    return max(0, now - oldest) if oldest is not None else 0


def settled(now: int) -> int:
    """The id of an entry that was carried an hour ago or longer, 0 without one: entries with a smaller id were committed and
    carried before. `waiting` checks all of them now and then, because an hour is no guarantee."""
    older = Carried.objects.filter(at__lte=now - SETTLED_AFTER_MS).order_by("-entry")
    return older.values_list("entry", flat=True).first() or 0


def waiting(limit: int, after: int = 0) -> list[Entry]:
    """Entries that the ledger does not have yet, with ids above after. Asked by absence and not by a last id: transactions commit
    in any order."""
    return list(Entry.objects.filter(id__gt=after, carried__isnull=True).order_by("id")[:limit])


def mark_carried(places: list[tuple[Entry, str, int]], *, now: int) -> None:
    """Remember where the journal has these entries: (entry, journal, number). The records are durable before this is called."""
    with transaction.atomic():
        Carried.objects.bulk_create([Carried(entry=e, journal=journal, number=number, at=now) for e, journal, number in places])


def restore(recorded: Iterable[tuple[dict[str, Any], str, int]], *, now: int) -> list[dict[str, Any]]:
    """Write rows for entries in journals that have none, because a process died in between or an older database was restored;
    return them. recorded: each as data, with its journal and number. In the caller's transaction."""
    by = {str(plain["uuid"]): (plain, journal, number) for plain, journal, number in recorded}
    names = list(by)
    known_uuids: set[str] = set()
    for begin in range(0, len(names), 500):
        known_uuids.update(map(str, Entry.objects.filter(uuid__in=names[begin : begin + 500]).values_list("uuid", flat=True)))
    missing = [name for name in names if name not in known_uuids]
    for begin in range(0, len(missing), 500):
        batch = missing[begin : begin + 500]
        Entry.objects.bulk_create([row_of(by[name][0]) for name in batch], ignore_conflicts=True)  # it may be about to be committed
        rows = Entry.objects.filter(uuid__in=batch, carried__isnull=True)
        places = [(row, *by[str(row.uuid)][1:]) for row in rows]
        Carried.objects.bulk_create(
            [Carried(entry=row, journal=journal, number=number, at=now) for row, journal, number in places], ignore_conflicts=True
        )
    return [by[name][0] for name in missing]


def row_of(plain: dict[str, Any]) -> Entry:
    """The row of an entry inside a record."""
    return Entry(uuid=plain["uuid"], head=canonical(plain), **{name: plain[name] for name in COLUMNS})
