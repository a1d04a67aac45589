"""A whole file of the database for the copy of the installation: never one that is being written (P-23)."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from django.db import connection, transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE, LIVE_FILES
from civicmail.city.identity.worker_jobs import DatabaseBackup
from civicmail.mail.replica import contents


@pytest.mark.django_db(transaction=True)
def test_the_database_is_saved_whole_and_only_when_something_changed(tmp_path: Path) -> None:
    """A server has copies of its own; a file in the data folder gets one."""
    with transaction.atomic():
        entries.enter("duty.grant", actor=Actor("ann", "Ann"), reason="why", now=1)
    saving = DatabaseBackup(tmp_path)
    if connection.vendor != "sqlite":
        assert not saving.step() and not (tmp_path / BACKUP_NAME).exists()
        return
    (tmp_path / DATABASE).write_bytes(b"stands for the living one")
    assert saving.step() and not saving.step()
    assert (tmp_path / BACKUP_NAME).stat().st_mode & 0o077 == 0
    with sqlite3.connect(f"file:{tmp_path / BACKUP_NAME}?mode=ro", uri=True) as saved:
        assert saved.execute("SELECT reason FROM access_entry").fetchall() == [("why",)]
        assert saved.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    saved.close()
    os.utime(tmp_path / DATABASE, ns=(1, 1))
    assert saving.step()
    assert sorted(p.name for p in tmp_path.iterdir()) == [BACKUP_NAME, DATABASE]


@pytest.mark.rule("P-06", "An SQLite database gets statistics of its rows, as a database server collects them itself.")
@pytest.mark.django_db(transaction=True)
def test_a_file_knows_how_many_of_its_rows_are_alike(tmp_path: Path) -> None:
    """As a server does by itself; a way through the wrong index takes as long as all rows."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("DELETE FROM sqlite_stat1")
    with transaction.atomic():
        for n in range(40):
            entries.enter("duty.grant", actor=Actor("ann", "Ann"), reason="why", object=f"person:p-{n}", now=1)
    (tmp_path / DATABASE).write_bytes(b"stands for the living one")
    assert DatabaseBackup(tmp_path).step()
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'entries_of_an_object'")
        counted = cursor.fetchall()
    assert [stat.split()[:2] for (stat,) in counted] == [["40", "1"]], "forty rows, each about something else"


@pytest.mark.rule(
    "P-15, promise 3",
    "A copy of the installation takes a database that is whole, never the file that is being written.",
)
def test_a_copy_takes_the_saved_file_and_never_the_living_ones() -> None:
    assert contents.belongs(BACKUP_NAME)
    assert not any(contents.belongs(name) for name in LIVE_FILES)
