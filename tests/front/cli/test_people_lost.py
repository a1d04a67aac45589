"""The file of people may be lost; its copy must not follow it (P-23)."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE
from front.cli.office import Office


def claim(data: Path) -> subprocess.CompletedProcess[str]:
    words = [
        "access",
        "claim",
        "--uid",
        "1",
        "--given",
        "Ana",
        "--family",
        "Ruiz",
        "--department",
        "it=IT",
        "--reason",
        "the first officer of the city",
        "--data",
    ]
    return called(*words, str(data))


def called(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "civicmail.front.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.rule("P-23", "A lost file of people is not created again while its copy exists.")
def test_a_lost_file_of_people_is_not_made_anew_while_its_copy_is_there(tmp_path: Path) -> None:
    """An empty one would be published, every mailbox would be gone, and the copy would be made of that."""
    data = Office(tmp_path / "data").data
    (data / BACKUP_NAME).write_bytes(b"people")
    done = claim(data)
    assert done.returncode == 3 and f"mv {data / BACKUP_NAME} {data / DATABASE}" in done.stderr
    assert not (data / DATABASE).exists() or not (data / DATABASE).stat().st_size
    (data / BACKUP_NAME).unlink()
    assert claim(data).returncode == 0


@pytest.mark.rule(
    "P-23",
    "A file of people that is no database, or is damaged, is a sentence of each command and a finding of doctor, and fills no log.",
)
@pytest.mark.parametrize("how", ["no database", "damaged"])
def test_a_damaged_file_of_people_is_a_sentence_for_commands_and_a_finding_of_doctor(tmp_path: Path, how: str) -> None:
    """A command ended as if it had a bug, and doctor said nothing."""
    data = Office(tmp_path / "data").data
    assert claim(data).returncode == 0
    place = data / DATABASE
    with closing(sqlite3.connect(place)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = place.read_bytes()
    place.write_bytes(b"x" * len(whole) if how == "no database" else whole[:4096] + b"x" * (len(whole) - 4096))
    done = called("access", "reconcile", "--as", "1", "--data", str(data))
    assert done.returncode == 3 and f"cp {data / BACKUP_NAME} {place}" in done.stderr, done.stderr
    told = called("doctor", "--json", "--data", str(data)).stdout
    (found,) = [f for f in map(json.loads, told.splitlines()) if f.get("check") == "people"]
    assert found["level"] == "problem" and str(place) in found["text"] and str(data / BACKUP_NAME) in found["do"]


@pytest.mark.rule("P-23", "An older program neither reads nor writes tables of people that a newer one has changed.")
def test_an_older_program_leaves_tables_of_a_newer_one_alone(tmp_path: Path) -> None:
    """It would write rows that the newer one reads otherwise."""
    data = Office(tmp_path / "data").data
    assert claim(data).returncode == 0
    with closing(sqlite3.connect(data / DATABASE)) as file, file:
        file.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('access', '9999_later', '2027-01-01')")
    done = called("access", "reconcile", "--as", "1", "--data", str(data))
    assert done.returncode == 3 and "A newer Civicmail" in done.stderr and "9999_later" in done.stderr
