"""The squashed steps make the tables that the steps made one by one, and know a database that has those (P-23)."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from front.web.upgrade.folders import RELEASES, called, unpack
from house.sources import ROOT
from neighbours.postgresql import USER, Cluster, programs
from neighbours.scratch import installation

STEPS = "SELECT app, name FROM django_migrations ORDER BY app, name"


SINCE = [
    ("access", "0027_preferences"),
    ("holding", "0014_approval_summary"),
    ("holding", "0015_copies_by_address"),
    ("notices", "0002_notice_reply_to"),
    ("records", "0001_initial"),
    ("retention", "0001_disposals"),
    ("workbench", "0002_privilege"),
]
"""Steps that came after the squashed ones."""


def one_by_one(data: Path) -> None:
    """Make the tables as every release before the squashed steps made them."""
    words = [sys.executable, "-m", "front.web.upgrade.older", str(data)]
    subprocess.run(words, check=True, cwd=ROOT / "tests", timeout=600)


def schema(data: Path) -> dict[tuple[str, str], list[str]]:
    """Each table, index and trigger. Columns are sorted: SQLite's tables are made anew to add one, which moves others."""
    with closing(sqlite3.connect(data / "city.sqlite3")) as tables:
        rows = tables.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master").fetchall()
    return {
        (kind, name): sorted(re.split(r", (?=\")", sql.removesuffix(")"))) if kind == "table" else [sql] for kind, name, sql in rows
    }


def steps(data: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(data / "city.sqlite3")) as tables:
        return tables.execute(STEPS).fetchall()


def test_both_ways_make_the_same_tables_on_sqlite(tmp_path: Path) -> None:
    before, data = installation(tmp_path / "before"), installation(tmp_path / "data")
    one_by_one(before)
    assert called(data, "migrate").returncode == 0
    assert schema(data) == schema(before) and len(schema(before)) > 200
    triggers = [name for kind, name in schema(data) if kind == "trigger"]
    assert "access_entry_no_update" in triggers and "conduct_evidence_no_replace" in triggers


@pytest.mark.rule(
    "P-23", "Tables that were made step by step are those of the squashed steps: only later steps are left to do and noted."
)
def test_the_last_tables_made_one_by_one_have_only_later_steps_pending(tmp_path: Path) -> None:
    data = unpack(RELEASES[1], tmp_path / "data")
    had = steps(data)
    assert ("access", "0026_identities") in had and not any("squashed" in name for _, name in had)
    pending = re.findall(r"(?m)^(\w+): (\w+(?:, \w+)*)$", called(data, "migrate", "--check").stdout)
    assert [(room, name) for room, names in pending for name in names.split(", ")] == SINCE
    assert called(data, "migrate").returncode == 0
    assert set(had) | set(SINCE) <= set(steps(data))  # so that a program from before starts on them again


def test_no_model_differs_from_its_steps() -> None:
    words = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "civicmail.front.web.settings"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    server = Cluster()
    yield server
    server.close()


@pytest.mark.neighbour("PostgreSQL 17", "createdb", "setpriv")
def test_both_ways_make_the_same_tables_on_postgresql(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = []
    for way in (one_by_one, lambda data: called(data, "migrate")):
        name = f"civicmail_{len(dumps)}"
        subprocess.run(["createdb", "-h", cluster.host, "-U", USER, name], check=True)
        monkeypatch.setenv("CIVICMAIL__DATABASE__URL", f"postgresql://{USER}@{cluster.host.replace('/', '%2F')}/{name}")
        way(installation(tmp_path / name))
        command = [str((programs() or Path()) / "pg_dump"), "--schema-only", "-h", cluster.host, "-U", USER, name]
        dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        dumps.append([line for line in dump if not line.startswith(("\\restrict", "\\unrestrict"))])
    assert dumps[0] == dumps[1] and sum("ENABLE ALWAYS TRIGGER" in line for line in dumps[0]) > 10
