"""Data folders as earlier releases wrote them (tests/releases, made by tools/release_folder.py), and what is in one."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

from house.sources import ROOT

RELEASES = sorted((ROOT / "tests" / "releases").glob("*.tar.xz"))
RIGHTS = (
    "SELECT m.address, p.uid, a.role, a.state, a.until FROM access_authorisation a JOIN directory_mailbox m ON m.id = a.mailbox_id "
    "JOIN directory_person p ON p.id = a.person_id ORDER BY 1, 2, 3, 4, 5"
)
ROLES = (
    "SELECT p.uid, d.duty, d.ended IS NULL FROM access_dutygrant d JOIN directory_person p ON p.id = d.person_id ORDER BY 1, 2, 3"
)


def unpack(release: Path, place: Path) -> Path:
    with tarfile.open(release) as pack:
        pack.extractall(place, filter="data")
    return place


def called(data: Path, *words: str, source: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of this program, or of another one whose sources lie in a folder."""
    environment = os.environ | ({"PYTHONPATH": str(source)} if source else {})
    command = [sys.executable, "-m", "civicmail.front.cli.main", *words, "--data", str(data)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3600, check=False)


def rights(data: Path, name: str = "city.sqlite3") -> list[list[tuple[Any, ...]]]:
    """Who may use which mailbox until when, and who has which role."""
    with closing(sqlite3.connect(data / name)) as tables:
        return [tables.execute(question).fetchall() for question in (RIGHTS, ROLES)]


def messages(data: Path, source: Path | None = None) -> int:
    """How many `verify` counts, which finds nothing wrong."""
    done = called(data, "verify", source=source)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(json.loads(done.stdout.splitlines()[-1])["messages"])


def ledger(data: Path) -> dict[str, bytes]:
    """Entries and signed roots."""
    place = data / "ledger"
    return {path.name: path.read_bytes() for path in (place / "entries.log", *sorted((place / "checkpoints").iterdir()))}


def is_continued(before: dict[str, bytes], after: dict[str, bytes]) -> bool:
    """Whether every entry and every signed root of before is there, byte for byte."""
    return all(after.get(name, b"").startswith(content) for name, content in before.items())


def killed(data: Path, old: Path, *steps: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What is there after an upgrade that was killed before each of these steps was noted, or at each point; and after one that was
    not (killing.py)."""
    words = [sys.executable, "-m", "front.web.upgrade.killing", str(data), str(old), *steps]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT / "tests", timeout=3600, check=False)
    assert done.returncode == 0, done.stderr
    *each, whole = map(json.loads, done.stdout.splitlines())
    assert whole["then"] == 0
    for one in each:
        assert one["killed"] and one["then"] == 0 and one["now"] == whole["now"], f"point {one['point']}"
    return each, whole["now"]
