"""Looks are durable in a journal before they are shown, and the table of entries is held against the journals (P-16; A3, E6)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import DatabaseError, connection, transaction

from city.identity.staff import MS
from civicmail.city.guard import comparison_result
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import NotRecorded
from civicmail.city.guard.models import Carried, Entry
from civicmail.city.guard.queries import entry_comparison
from civicmail.city.identity.actions import journal_consumer, journal_offsets
from civicmail.city.identity.actions.journal_consumer import JournalBatch
from civicmail.city.identity.models import Followed
from civicmail.core.disk.errors import DiskFull
from civicmail.core.disk.tail import Tail
from civicmail.core.ledger.entry_journal import EntryJournal
from civicmail.front.worker.audit_log_comparison import AuditLogComparison

pytestmark = pytest.mark.django_db
EXA = Actor("exa", "Exa")


@pytest.fixture(autouse=True)
def journal(installed: Path) -> Iterator[None]:
    yield
    EntryJournal.release()


def look(n: int = 0) -> Entry:
    return entries.enter_alone("content.show", actor=EXA, reason="case 7", now=MS + n, object=f"mandate:{n}", facts={"id": str(n)})


def recorded(data: Path) -> list[dict[str, Any]]:
    return [orjson.loads(r.head)["facts"] for r in Tail(data).poll(1000)]


def heard(data: Path) -> JournalBatch:
    """Whoever follows the journals has passed everything."""
    found = JournalBatch()
    for record in Tail(data).poll(1000):
        found.entries.append((orjson.loads(record.head)["facts"], record.journal, record.number))
        found.positions[record.journal] = record.number
    return found


def found(data: Path, now: int = MS + 1_000_000, comparisons: int = 2) -> list[str]:
    with closing(AuditLogComparison(data, lambda: now)) as comparing:
        for _ in range(comparisons):
            comparing.step()
    last = comparison_result.read(data)
    assert last is not None
    return [d.kind for d in last.differences]


@pytest.mark.rule(
    "P-16, promise 4, E6",
    "The entry of a content view is in a journal before its permit exists, whatever happens to the table.",
)
def test_a_look_is_in_a_journal_when_it_may_be_shown_and_the_table_says_where(installed: Path) -> None:
    """Nobody has to carry it, so nobody can take it away before."""
    made = look()
    assert [plain["uuid"] for plain in recorded(installed)] == [str(made.uuid)]
    place = Carried.objects.get(entry=made)
    [record] = Tail(installed).poll(9)
    assert (place.journal, place.number) == (record.journal, record.number) and entries.waiting(9) == []


@pytest.mark.rule("P-16, promise 4, E6", "Content is not shown if no journal accepts its entry (AU-5).")
def test_what_no_journal_takes_is_not_shown_and_leaves_no_row(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """E6, AU-5."""

    def full(*_: object) -> object:
        raise DiskFull("The disk is full: the journal cannot be written.")

    for error in (full, lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "broken"))):
        monkeypatch.setattr(EntryJournal, "append", error)
        for enter in (entries.enter_alone, entries.enter_ahead):
            with pytest.raises(NotRecorded):
                enter("content.show", actor=EXA, reason="case 7", now=MS, facts={})
    assert not Entry.objects.exists()


@pytest.mark.rule(
    "P-16, promise 4, A3",
    "A content view whose process died before its row was committed gets the row a moment later.",
)
def test_a_look_whose_process_died_before_its_row_was_committed_gets_one(installed: Path) -> None:
    """The table is a view of the journal; as often as it is read, one row."""
    with pytest.raises(RuntimeError, match="power"), entries.single_transaction():
        made = look()
        raise RuntimeError("power")
    assert not Entry.objects.exists()
    for _ in range(2):
        journal_consumer.write(heard(installed), now=MS + 5)
    row = Entry.objects.get()
    assert (str(row.uuid), row.act, row.person, row.facts, bytes(row.head)) == (
        str(made.uuid),
        "content.show",
        "exa",
        {"id": "0"},
        made.head,
    )
    assert Carried.objects.get().entry == row and found(installed) == []


def test_the_comparison_names_rows_that_were_removed_or_changed_past_the_guards(installed: Path) -> None:
    """On either database, whoever owns the tables and switches the guards off; and that these are off is named, too."""
    for n in range(5):
        look(n)
    journal_consumer.write(heard(installed), now=MS)
    assert found(installed) == []
    first, second, third, *_ = Entry.objects.order_by("id")
    with unguarded(), connection.cursor() as c:
        c.execute("DELETE FROM access_carried WHERE entry_id = %s", [first.pk])
        c.execute("DELETE FROM access_entry WHERE id = %s", [first.pk])
        c.execute("UPDATE access_entry SET object = 'mandate:9' WHERE id = %s", [second.pk])
        c.execute('UPDATE access_entry SET facts = \'{"id": "1"}\' WHERE id = %s', [third.pk])
        assert sorted(set(found(installed))) == ["altered", "removed", "unprotected"]
    assert sorted(found(installed)) == ["altered", "altered", "removed"]


@pytest.mark.rule("P-16, promise 4, A3", "An entry that has not reached a journal within a minute is reported.")
def test_a_row_that_never_came_to_a_journal_is_named_after_a_minute(installed: Path) -> None:
    """And a young one, or one that is just being carried, is not."""
    made = look()
    journal_consumer.write(heard(installed), now=MS)
    with transaction.atomic():
        late = entries.enter("duty.grant", actor=EXA, reason="why", now=MS, object="duty:1")
    assert found(installed, MS + 30_000) == []
    assert found(installed, MS + entries.MAX_LAG_MS + 1) == ["unrecorded"]
    entries.mark_carried([(late, "0001", 99)], now=MS)
    assert found(installed) == ["unrecorded"], "a place that the journal has nothing at is none"
    last = comparison_result.read(installed)
    assert last is not None and last.differences[0].row == late.pk and last.entries == 2 and made.pk != late.pk


@pytest.mark.rule(
    "P-16, promise 4, A3", "An old entry that is being written to a journal is in order; one that gets no place there is named."
)
def test_an_old_entry_may_get_its_place_after_its_record_and_must_get_it(installed: Path) -> None:
    """A worker that was away for hours writes entries of hours ago to its journal, and their places a moment later."""
    look()
    journal_consumer.write(heard(installed), now=MS)
    with unguarded(), connection.cursor() as c:
        c.execute("DELETE FROM access_carried")
    later = MS + 3 * entries.SETTLED_AFTER_MS
    assert found(installed, later, 1) == [] and found(installed, later, 1) == ["altered"]


def test_an_old_entry_may_still_be_on_its_way_to_a_journal_when_a_worker_begins(installed: Path) -> None:
    """The first comparison of a worker comes before what it has to carry from hours ago."""
    with transaction.atomic():
        entries.enter("duty.grant", actor=EXA, reason="why", now=MS, object="duty:1")
    later = MS + 3 * entries.SETTLED_AFTER_MS
    assert found(installed, later, 1) == [] and found(installed, later) == ["unrecorded"]


def test_a_table_that_was_emptied_with_its_reader_is_written_again(installed: Path) -> None:
    """Whoever sets back how far journals were read gets the entries back, and hides none."""
    look()
    journal_consumer.write(heard(installed), now=MS)
    with unguarded(), connection.cursor() as c:
        c.execute("DELETE FROM access_carried")
        c.execute("DELETE FROM access_entry")
    assert found(installed) == ["removed"]
    Followed.objects.all().delete()
    assert found(installed) == [] and journal_offsets.read_offsets(Followed) == {}
    journal_consumer.write(heard(installed), now=MS)
    assert Entry.objects.count() == 1


def test_a_session_that_says_to_be_a_replica_is_held_by_the_guards_too() -> None:
    """Of PostgreSQL; SQLite has no such thing."""
    look()
    if connection.vendor != "postgresql":
        return
    for statement in ("DELETE FROM access_entry", "UPDATE access_entry SET reason = 'x'", "TRUNCATE access_entry CASCADE"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as c:
            c.execute("SET CONSTRAINTS ALL IMMEDIATE")
            c.execute("SET LOCAL session_replication_role = replica")
            c.execute(statement)


@pytest.mark.rule("P-16, promise 4, A3, V3, R14", "In an append-only table no row replaces another.")
def test_no_table_that_stays_lets_a_row_take_the_place_of_another() -> None:
    """For every unique index of every table with such a guard there is one against replacing."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as c:
        c.execute("SELECT tbl_name, group_concat(sql, ' ') FROM sqlite_master WHERE type = 'trigger' GROUP BY tbl_name")
        guards = {table: said for table, said in c.fetchall() if "RAISE(ABORT" in said}
        for table, said in guards.items():
            c.execute("SELECT name FROM pragma_index_list(%s) WHERE [unique]", [table])
            for (index,) in c.fetchall():
                c.execute("SELECT name FROM pragma_index_info(%s)", [index])
                same = " AND ".join(f"o.{column} = NEW.{column}" for (column,) in c.fetchall())
                assert said.count(same) >= 2, (table, index)
            assert f"{table}_no_replace" in said and f"{table}_no_moving" in said, table
    assert {"access_entry", "conduct_review", "conduct_closure"} <= set(guards)


class unguarded:
    """As the owner of the tables, who can switch everything off."""

    def __enter__(self) -> None:
        with connection.cursor() as c:
            if connection.vendor == "postgresql":
                c.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for table in entry_comparison.GUARDED:
                    c.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
                return
            c.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'access_%%'", [])
            self._kept = c.fetchall()
            for name, _ in self._kept:
                c.execute(f"DROP TRIGGER {name}")

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as c:
            if connection.vendor == "postgresql":
                c.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for table in entry_comparison.GUARDED:
                    c.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
                return
            for _, statement in self._kept:
                c.execute(statement)
