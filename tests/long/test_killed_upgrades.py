"""An upgrade of tables that is killed at each point goes on: SQLite and PostgreSQL (P-23)."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from front.web.upgrade.folders import RELEASES, killed, unpack
from front.web.upgrade.killing import rows
from house.sources import ROOT
from neighbours.postgresql import USER, Cluster, programs

POINTS = 25
pytestmark = pytest.mark.timeout(3600)


def test_at_each_point_on_sqlite(tmp_path: Path) -> None:
    old = unpack(RELEASES[0], tmp_path / "old") / "city.sqlite3"
    each, now = killed(unpack(RELEASES[0], tmp_path / "data"), old)
    assert len(each) > POINTS and now["before"] == rows(old)


@pytest.mark.neighbour("PostgreSQL 17", "createdb", "setpriv")
def test_at_each_point_on_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = unpack(RELEASES[0], tmp_path / "data")
    with closing(sqlite3.connect(data / "city.sqlite3")) as tables:
        steps = [f"{room}/{name}" for room, name in tables.execute("SELECT app, name FROM django_migrations")]
    cluster = Cluster()
    try:
        for name in ("civicmail_old", "civicmail"):
            subprocess.run(["createdb", "-h", cluster.host, "-U", USER, name], check=True)
        server = f"postgresql://{USER}@{cluster.host.replace('/', '%2F')}"
        monkeypatch.setenv("CIVICMAIL__DATABASE__URL", f"{server}/civicmail_old")
        words = [sys.executable, "-m", "front.web.upgrade.older", str(data), *steps]
        subprocess.run(words, check=True, cwd=ROOT / "tests", env=os.environ, timeout=600)
        monkeypatch.setenv("CIVICMAIL__DATABASE__URL", f"{server}/civicmail")
        each, now = killed(data, data / "city.sqlite3")
        assert len(each) > POINTS and now["beside"] == ["city.before.dump"]
        restore = str((programs() or Path()) / "pg_restore")  # the one of the path may be older than the server
        listed = subprocess.run([restore, "--list", data / "city.before.dump"], capture_output=True, text=True, check=True)
        assert "django_migrations" in listed.stdout and "access_throttle" not in listed.stdout
    finally:
        cluster.close()
