"""Who waits to write into a database in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from civicmail.core.config.settings import Database
from civicmail.front.web.database import database

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Any]:
    """A connection as pages and workers have one."""
    made = database(Database(), tmp_path)
    connection = ConnectionHandler({"default": made | {"OPTIONS": made["OPTIONS"] | {"timeout": 0.5}}})["default"]
    connection.connect()
    yield connection
    connection.close()


@pytest.fixture
def writing(waiting: Any, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else, who writes."""
    other = sqlite3.connect(tmp_path / "city.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


@pytest.fixture
def looks(writing: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each pause is; the other is done at the third."""
    made: list[float] = []

    def pause(seconds: float) -> None:
        made.append(seconds)
        if len(made) == 3:
            writing.execute("COMMIT")

    monkeypatch.setattr("civicmail.front.web.sqlite.base.time.sleep", pause)
    return made


def begin(connection: Any) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


@pytest.mark.rule("P-08", "A writer that waits for an SQLite database retries every few milliseconds.")
def test_who_waits_to_write_looks_every_few_milliseconds(waiting: Any, looks: list[float]) -> None:
    """And has its turn as soon as the other is done."""
    begin(waiting)
    assert waiting.in_atomic_block is False and waiting.connection.in_transaction
    assert len(looks) == 3 and max(looks) <= 0.01


@pytest.mark.rule("P-22", "A statement that is a transaction of its own waits for its turn as any transaction does.")
def test_a_statement_alone_waits_as_a_transaction_does(waiting: Any, looks: list[float]) -> None:
    with waiting.cursor() as cursor:
        with suppress(OperationalError):
            cursor.execute("CREATE TABLE said (word TEXT)")
        assert looks, "it waits"
        cursor.execute("INSERT INTO said VALUES (%s)", ["one"])
        assert cursor.execute("SELECT word FROM said").fetchall() == [("one",)]
    assert len(looks) == 3 and max(looks) <= 0.01


def test_a_statement_alone_whose_turn_does_not_come_says_so(waiting: Any, writing: sqlite3.Connection) -> None:
    with waiting.cursor() as cursor, pytest.raises(OperationalError, match="locked"):
        cursor.execute("CREATE TABLE said (word TEXT)")


def test_what_was_read_and_is_not_so_any_more_is_not_waited_for(
    waiting: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting would not make it true again."""
    monkeypatch.setattr("civicmail.front.web.sqlite.base.time.sleep", lambda _: pytest.fail("it waits"))
    with waiting.cursor() as cursor:
        cursor.execute("CREATE TABLE said (word TEXT)")
        cursor.execute("BEGIN DEFERRED")
        cursor.execute("SELECT word FROM said").fetchall()
        with sqlite3.connect(tmp_path / "city.sqlite3", isolation_level=None) as other:
            other.execute("INSERT INTO said VALUES ('two')")
        other.close()
        with pytest.raises(OperationalError, match="locked"):
            cursor.execute("INSERT INTO said VALUES ('one')")
        cursor.execute("ROLLBACK")


def test_whose_turn_does_not_come_hears_so(waiting: Any, writing: sqlite3.Connection) -> None:
    with pytest.raises(OperationalError, match="locked"):
        begin(waiting)
    writing.execute("ROLLBACK")
    begin(waiting)
    assert waiting.connection.in_transaction
