"""Whoever writes to the database of people's side cannot make a look disappear: `verify`, the standing comparison and `doctor` name
what they did, from what the journals have (P-16, A3, E6). The attacks are plain SQL on the file, the program is the real one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.city.guard import comparison_result
from front.cli.test_person_access import _run, claimed

__all__ = ["claimed"]


def sql(data: Path, *statements: str) -> None:
    """As somebody who has the file and no respect for its triggers, which are there again afterwards."""
    with closing(sqlite3.connect(data / "city.sqlite3", isolation_level=None)) as db:
        kept = [s for (s,) in db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'access_%_no_%'")]
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'access_%_no_%'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert db.execute(statement).rowcount > 0, statement
        for statement in kept:
            db.execute(statement)


LAST = "(SELECT max(id) FROM access_entry WHERE act = 'entries.see')"
_REST = "object, reason, facts, client, head FROM access_entry"
_INTO = "uuid, at, act, person, duty, behalf, object, reason, facts, client, head"
_NEW = "SELECT lower(hex(randomblob(16))), at - 7200000, 'content.show', 'e-9', duty, behalf"
FORGED = f"INSERT INTO access_entry ({_INTO}) {_NEW}, {_REST} WHERE id = {LAST}"
_CHANGED = "CAST(replace(CAST(head AS TEXT), 'weekly look', 'none') AS BLOB)"
_OTHER = f"INSERT OR REPLACE INTO access_entry (id, {_INTO}) SELECT id, uuid, at, act, 'e-9', duty, behalf"
_PLACE = "INSERT INTO access_carried SELECT (SELECT max(id) FROM access_entry), journal, number, at FROM access_carried"
ATTACKS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "deleted": (
        (f"DELETE FROM access_carried WHERE entry_id = {LAST}", f"DELETE FROM access_entry WHERE id = {LAST}"),
        {"removed"},
    ),
    "changed": ((f"UPDATE access_entry SET person = 'e-9' WHERE id = {LAST}",), {"altered"}),
    "changed with head": ((f"UPDATE access_entry SET reason = 'none', head = {_CHANGED} WHERE id = {LAST}",), {"altered"}),
    "replaced": ((f"{_OTHER}, {_REST} WHERE id = {LAST}",), {"altered"}),
    "forged": ((FORGED, "INSERT INTO access_carried SELECT max(id), '0001', 999999, 0 FROM access_entry"), {"unrecorded"}),
    "forged in another's place": ((FORGED, f"{_PLACE} WHERE entry_id = {LAST}"), {"unrecorded"}),
    "given another place": ((f"UPDATE access_carried SET number = number + 1 WHERE entry_id = {LAST}",), {"altered"}),
    "a name that is none": ((f"UPDATE access_entry SET uuid = upper(uuid) WHERE id = {LAST}",), {"removed", "unrecorded"}),
    "yesterday's rows": (
        (f"DELETE FROM access_carried WHERE entry_id >= {LAST}", f"DELETE FROM access_entry WHERE id >= {LAST}"),
        {"removed"},
    ),
}


def differences(data: Path) -> tuple[set[str], str]:
    """Of `verify`, which names each with the number of its entry, and its exit code is that of a problem then."""
    done = _run(data, "verify")
    problems = json.loads(done.stdout.splitlines()[-1])["problems"]
    assert done.returncode == (1 if problems else 0), done.stderr
    return {p["code"].removeprefix("entry-") for p in problems}, done.stderr


@pytest.fixture
def looked(claimed: tuple[Path, Path]) -> Path:
    """An installation in which somebody looked at what was recorded, and everything is carried."""
    data, token = claimed
    assert _run(data, "entries", "--as", "e-1", "--reason", "weekly look", token=token).returncode == 0
    assert _run(data, "tick").returncode == 0
    return data


@pytest.mark.rule(
    "P-16, promise 4, A3",
    "Entries removed, changed, replaced or invented in the table, or missing in every journal, are named by comparison "
    "with the journals.",
)
def test_sql_on_the_database_does_not_make_a_look_disappear(looked: Path) -> None:
    """Deleted, changed, replaced, forged, kept out of every journal; each is named, and nothing else is."""
    data = looked
    assert differences(data)[0] == set()
    whole = data.parent / "whole.sqlite3"
    shutil.copy(data / "city.sqlite3", whole)
    for name, (statements, kinds) in ATTACKS.items():
        sql(data, *statements)
        assert differences(data)[0] == kinds, name
        assert compared_by_tick(data) == kinds, name
        if name == next(iter(ATTACKS)):  # doctor reads what the tick has compared
            doctor = _run(data, "doctor", "--json")
            assert doctor.returncode == 1 and '"check":"audit log","level":"problem"' in doctor.stdout, name
        put_back(data, whole)
    assert compared_by_tick(data) == set()


@pytest.mark.rule("P-16, promise 4, A3", "A restored database gets its missing entries from the journals.")
def test_a_database_of_yesterday_gets_its_entries_back_from_the_journals(looked: Path, claimed: tuple[Path, Path]) -> None:
    """The table is a view; whether all of the file was put back, or the newer rows were taken out, which is named."""
    data, token = claimed
    before = data.parent / "yesterday.sqlite3"
    shutil.copy(data / "city.sqlite3", before)
    assert _run(data, "entries", "--as", "e-1", "--reason", "a look to hide", token=token).returncode == 0
    assert _run(data, "tick").returncode == 0
    assert seen(data) == {"weekly look", "a look to hide"}
    put_back(data, before)
    assert seen(data) == {"weekly look"}
    assert _run(data, "tick").returncode == 0
    assert seen(data) == {"weekly look", "a look to hide"}


@pytest.mark.rule("P-16, promise 4, A3", "A missing trigger of the database is reported.")
def test_guards_that_are_gone_are_named(looked: Path) -> None:
    """Also where nothing was changed yet."""
    for statement in ("DROP TRIGGER access_entry_no_replace", "DROP TRIGGER access_carried_no_delete"):
        with closing(sqlite3.connect(looked / "city.sqlite3")) as db:
            db.execute(statement)
        assert differences(looked)[0] == {"unprotected"}


@pytest.mark.parametrize("table", ["access_entry", "access_carried"])
def test_replacing_is_refused_like_changing(looked: Path, table: str) -> None:
    """INSERT OR REPLACE, UPDATE OR REPLACE and a second row with the same key, which no DELETE trigger of SQLite sees."""
    with closing(sqlite3.connect(looked / "city.sqlite3")) as db:
        for statement in (f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}", f"REPLACE INTO {table} SELECT * FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="stays"):
                db.execute(statement)
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|stays"):
            db.execute(f"UPDATE OR REPLACE {table} SET rowid = rowid + 1")


def put_back(data: Path, whole: Path) -> None:
    for name in ("city.sqlite3-wal", "city.sqlite3-shm"):
        (data / name).unlink(missing_ok=True)
    shutil.copy(whole, data / "city.sqlite3")


def compared_by_tick(data: Path) -> set[str]:
    _run(data, "tick")
    found = comparison_result.read(data)
    assert found is not None
    return {d.kind for d in found.differences}


def seen(data: Path) -> set[str]:
    with closing(sqlite3.connect(data / "city.sqlite3")) as db:
        return {reason for (reason,) in db.execute("SELECT reason FROM access_entry WHERE act = 'entries.see'")}
