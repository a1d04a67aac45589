"""`department list|mode`: whose mail is ours, as an act with a reason (P-06, P-17)."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from civicmail.city.directory import store
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Event, Type
from front.cli.office import Office


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("CIVICMAIL__COURIER__ELSEWHERE", "smtp://old.city.example:25")
    office = Office(tmp_path / "data")
    (office.data / store.DIRECTORY).write_text('[department.clerk]\naddresses = ["ann@city.example"]\n')
    return office


def test_a_department_goes_live_and_back_and_each_change_is_an_entry(office, capfdbinary):
    assert office.run("department", "mode", "clerk", "live", "--reason", "pilot begins") == 0
    assert office.run("department", "mode", "clerk", "elsewhere", "--reason", "pilot ends") == 0
    entries = [Event.from_head(r.head).facts for r in Tail(office.data).poll() if r.type == Type.ENTRY]
    assert [e["state"] for e in entries] == ["begun", "done", "begun", "done"]
    assert [(e["act"], e["department"], e["from"], e["to"], e["reason"]) for e in entries[1::2]] == [
        ("department mode", "clerk", "elsewhere", "live", "pilot begins"),
        ("department mode", "clerk", "live", "elsewhere", "pilot ends"),
    ]
    assert all(e["person"] for e in entries)
    capfdbinary.readouterr()
    assert office.run("department", "list", "--json") == 0
    (row,) = [orjson.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert (row["name"], row["mode"], row["addresses"]) == ("clerk", "elsewhere", 1)
    assert row["since"] > 0
    assert office.run("department", "list") == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("clark", "live", "--reason", "x"), 2),
        (("clerk", "away", "--reason", "x"), 2),
        (("clerk", "live", "--reason", " "), 2),
        (("clerk", "live"), 2),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_written(office, words, code):
    assert office.run("department", "mode", *words) == code
    assert not (office.data / store.MODES_FILE).exists()
    assert not [r for r in Tail(office.data).poll() if r.type == Type.ENTRY]


def test_nobody_is_sent_away_without_an_old_system(office, monkeypatch):
    monkeypatch.delenv("CIVICMAIL__COURIER__ELSEWHERE")
    assert office.run("department", "mode", "clerk", "observe", "--reason", "x") == 3


def test_a_claimed_installation_wants_a_role(office):
    (office.data / "claimed").write_bytes(b"")
    assert office.run("department", "mode", "clerk", "live", "--reason", "x") == 4


def test_the_list_says_that_a_file_that_somebody_wrote_beside_it_is_not_read(office, capfdbinary):
    store.write_list(office.data, {"parks": ["lea@city.example"]})
    assert office.run("department", "list") == 0
    assert b"which a person wrote" in capfdbinary.readouterr().err, "it was there first, and counts"
    store.put_away(office.data, {"parks": ["lea@city.example"]})
    (office.data / store.DIRECTORY).write_text('[department.clerk]\naddresses = ["ann@city.example"]\n')
    assert office.run("department", "list") == 0
    said = capfdbinary.readouterr()
    assert b"parks" in said.out and b"clerk" not in said.out and b"directory.toml is not read" in said.err
