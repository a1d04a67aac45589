"""`civicmail law`: what it prints, its exit codes, and that an adoption is an entry (P-21, R20)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.models import Entry
from civicmail.city.law import adopted, shipped
from civicmail.desk.records.models import Redaction, Request
from civicmail.front.cli.main import run
from front.cli.calling import Caller, call, capture, city, folder

__all__ = ["call", "capture", "city", "folder"]

USAGE, CONFIG, FOUND = 2, 3, 1


def lines(capsys: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A pack of a city."""
    path = tmp_path / "our law.toml"
    path.write_text(shipped.text("wisconsin").replace('version = "2026-12-01"', 'version = "2026-12-02"', 1))
    return path


def test_an_empty_installation_is_offered_a_pack_and_decides_by_none(data: Path, capsys: Any) -> None:
    assert run(["law", "list", "--data", str(data), "--json"]) == 0
    assert [(line["name"], line["state"]) for line in lines(capsys)] == [("federal", "offered"), ("wisconsin", "offered")]
    assert run(["law", "explain", "19.36(5)", "--data", str(data)]) == CONFIG
    assert "civicmail law adopt wisconsin" in capsys.readouterr().err


def test_an_adopted_pack_is_in_force_and_the_one_before_is_superseded(data: Path, file: Path, capsys: Any) -> None:
    for name in ("wisconsin", str(file)):
        assert run(["law", "adopt", name, "--reason", "read by counsel", "--data", str(data), "--json"]) == 0
        (made,) = lines(capsys)
        assert made["reason"] == "read by counsel" and len(made["sha256"]) == 64
    assert run(["law", "list", "--data", str(data), "--json"]) == 0
    states = [(line["version"], line["state"]) for line in lines(capsys)]
    assert states == [
        ("2026-12-01", "superseded"),
        ("2026-12-02", "active"),
        ("2026-12-01", "offered"),
        ("2026-12-01", "offered"),
    ]
    assert run(["law", "check", "--data", str(data), "--json"]) == 0
    assert lines(capsys)[-1]["version"] == "2026-12-02"


def test_a_pack_that_cannot_be_used_is_not_adopted_and_check_says_why(data: Path, file: Path, capsys: Any) -> None:
    file.write_text(file.read_text().replace('stops = ["respond"]', 'stops = ["answer"]', 1))
    assert run(["law", "check", str(file), "--json"]) == FOUND
    assert "names the clock answer" in lines(capsys)[0]["problem"]
    assert run(["law", "adopt", str(file), "--reason", "x", "--data", str(data)]) == USAGE
    assert adopted.adopted(data) == []
    assert run(["law", "adopt", "wisconsin", "--reason", " ", "--data", str(data)]) == USAGE
    assert run(["law", "check", "utopia"]) == USAGE


def test_differences_are_printed_entry_by_entry(file: Path, capsys: Any) -> None:
    assert run(["law", "diff", "wisconsin", str(file)]) == 0
    assert capsys.readouterr().err == "Nothing differs.\n"
    file.write_text(file.read_text().replace("days = 12\n", "days = 13\n", 1))
    assert run(["law", "diff", "wisconsin", str(file)]) == FOUND
    assert capsys.readouterr().out == "changed clock release-lock, days\n  - 12\n  + 13\n"
    assert run(["law", "diff", "wisconsin", str(file), "--json"]) == FOUND
    assert lines(capsys) == [{"what": "changed", "table": "clock", "id": "release-lock", "field": "days", "old": "12", "new": "13"}]


def test_an_entry_is_explained_with_its_source(capsys: Any) -> None:
    assert run(["law", "explain", "hold-after-denial", "--pack", "wisconsin"]) == 0
    printed = capsys.readouterr().out
    assert "Wis. Stat. 19.35 (5), 19.345" in printed and "Counsel has yet to confirm this entry." in printed
    assert run(["law", "explain", "(b)(9)", "--pack", "federal", "--json"]) == 0
    assert lines(capsys)[0]["citation"] == "5 USC 552 (b)(9)"
    assert run(["law", "explain", "19.36(5)", "--pack", "federal"]) == USAGE


@pytest.mark.rule("P-21", "A changed law pack stops every command that needs the law.")
def test_r20_a_changed_pack_stops_every_command_that_needs_it(data: Path, capsys: Any) -> None:
    path = adopted.path(data, "wisconsin", "2026-12-01")
    adopted.adopt(data, shipped.text("wisconsin"), by="p", at=1, today=date(2026, 12, 1))
    path.write_bytes(path.read_bytes().replace(b"days = 12", b"days = 13"))
    for line in (["list"], ["check"], ["diff", "federal"], ["explain", "respond"], ["adopt", "federal", "--reason", "x"]):
        assert run(["law", *line, "--data", str(data)]) == CONFIG, line
        assert "was changed after it was adopted" in capsys.readouterr().err


@pytest.mark.django_db
def test_an_adoption_is_an_entry_with_the_checksum_of_the_pack(call: Caller, installed: Path) -> None:
    assert call("law adopt", "wisconsin", who="recorder") == 0
    entry = Entry.objects.get(act="law.adopt")
    (one,) = adopted.adopted(installed)
    assert (entry.person, entry.duty, one.by) == ("p-recorder", "records-officer", "p-recorder")
    assert entry.facts == {"verb": "law adopt", "sha256": one.sha256, "pack": "wisconsin", "version": "2026-12-01"}


@pytest.mark.django_db
@pytest.mark.rule("P-21", "A changed law pack shows which open requests it touches, and touches none of them.")
def test_r20_a_changed_pack_lists_the_open_requests_that_would_feel_it(
    call: Caller, city: Any, installed: Path, file: Path
) -> None:
    row = Request.objects.get(number=city.objects["records review"])
    adopted.adopt(installed, shipped.text("wisconsin"), by="p", at=1, today=date(2026, 12, 1))
    Request.objects.update(law="wisconsin", law_version="2026-12-01")
    text = file.read_text()
    used = text[text.index('id = "19.36(10)(a)"') :]
    title = used[used.index("title = ") : used.index("\n", used.index("title = "))]
    file.write_text(text.replace(title, 'title = "Another title"', 1))
    Redaction.objects.filter(request=row).update(code="19.36(10)(a)")
    assert call("law adopt", str(file), "--dry-run", "--json", who="recorder") == 0
    touched = [line for line in map(json.loads, call.said.out.splitlines()) if line["table"] == "code"]
    assert {line["touches"] for line in touched} == {row.number} and touched[0]["new"] == "Another title"
    assert [one.pack.version for one in adopted.adopted(installed)] == ["2026-12-01"]
    assert Entry.objects.get(act="law.adopt").facts["dry_run"] == 1
    assert call("law adopt", str(file), who="recorder") == 0
    assert (
        f"{row.number}: changed code 19.36(10)(a) title: ".encode() in call.said.out
        and b"Open requests that it would touch: 1." in call.said.err
    )
    row.refresh_from_db()
    assert row.law_version == "2026-12-01"
