"""`archive`, `hold` and `dispose`: what is kept, for how long and why (P-23, promise 3)."""

from __future__ import annotations

import uuid
from contextlib import closing
from importlib import resources
from pathlib import Path

import orjson
import pytest

from civicmail.core.query.tree import Everything
from civicmail.mail.archive import holds
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.records import Event, Type
from front.cli.office import Office, now

LONG_AGO = 1_262_304_000_000  # 2010-01-01
OLD = b"Subject: the old bridge\r\n\r\nplans of the bridge\r\n"
NEW = b"Subject: lunch\r\n\r\nat noon\r\n"


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    office = Office(tmp_path / "data")
    ids = office.receive(OLD, at=LONG_AGO) + office.receive(NEW)
    with closing(Writer(office.data, now)) as writer:
        for id_ in ids:
            writer.event(Event(Type.DELIVERED, uuid.UUID(id_).bytes, now(), (0,), {"hop": "maildir", "reply": "kept"}))
        writer.flush()
    assert office.run("tick") == 0
    capsysbinary.readouterr()
    return office


@pytest.fixture
def schedules(tmp_path: Path) -> Path:
    path = tmp_path / "schedules.toml"
    path.write_text((resources.files("civicmail.city.law") / "schedules.toml").read_text())
    return path


def said(capsysbinary: pytest.CaptureFixture[bytes]) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in capsysbinary.readouterr().out.splitlines()]


def test_without_schedules_nothing_is_due(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert office.run("dispose", "--simulate") == 4
    assert b"archive adopt" in capsysbinary.readouterr().err
    assert office.run("archive", "status") == 0
    assert b"nothing is ever disposed of" in capsysbinary.readouterr().out


def test_simulating_says_what_would_go_and_changes_nothing(
    office: Office, schedules: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert office.run("archive", "adopt", schedules, "--reason", "council") == 0
    capsysbinary.readouterr()
    assert office.run("dispose", "--simulate", "--json") == 0
    row, total = said(capsysbinary)
    assert (row["class"], row["received"], row["series"]) == ("mail", LONG_AGO, "SC-100")
    assert total == {"due": 1, "kept": {"not yet": 1}}
    assert office.run("dispose", "--simulate") == 0
    out = capsysbinary.readouterr()
    assert b"bridge" not in out.out + out.err
    assert b"1 captures would go" in out.err
    assert office.run("search", "bridge", "--count", "--json") == 0
    assert said(capsysbinary)[0]["count"] == 1
    assert office.run("verify") == 0


def test_an_unclaimed_installation_only_simulates(
    office: Office, schedules: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    office.run("archive", "adopt", schedules, "--reason", "council")
    assert office.run("dispose") == 4
    said = capsysbinary.readouterr().err
    assert b"Nothing was disposed of" in said and b"two persons" in said and b"unclaimed" in said
    assert b"`civicmail dispose --simulate`" in said


def test_a_claimed_installation_takes_no_disposal_from_one_person_at_a_terminal(
    office: Office, schedules: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    office.run("archive", "adopt", schedules, "--reason", "council")
    (office.data / "claimed").touch()
    assert office.run("dispose") == 4
    said = capsysbinary.readouterr().err
    assert b"signed in with a role" in said and b"`civicmail dispose --simulate`" in said


def test_a_hold_is_added_listed_respected_and_ended(
    office: Office, schedules: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    office.run("archive", "adopt", schedules, "--reason", "council")
    capsysbinary.readouterr()
    assert office.run("hold", "add", "subject:bridge", "--ground", "litigation", "--reason", "suit 7", "--json") == 0
    [made] = said(capsysbinary)
    assert office.run("hold", "list", "--json") == 0
    [listed] = said(capsysbinary)
    assert (listed["hold"], listed["scope"], listed["ground"]) == (made["hold"], "subject:bridge", "litigation")
    assert office.run("dispose", "--simulate", "--json") == 0
    assert said(capsysbinary) == [{"due": 0, "kept": {"held": 1, "not yet": 1}}]
    assert office.run("tick") == 0  # also when the hold is sealed
    capsysbinary.readouterr()
    assert office.run("hold", "end", str(made["hold"]), "--reason", "settled") == 0
    assert office.run("hold", "end", str(made["hold"]), "--reason", "settled") == 1
    assert office.run("hold", "list") == 0
    assert capsysbinary.readouterr().out == b""
    assert office.run("hold", "add", "nothing:x", "--reason", "r") == 2
    assert office.run("hold", "add", "x", "--ground", "because", "--reason", "r") == 2


def test_what_is_promoted_is_kept_longer_and_moves(
    office: Office, schedules: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    office.run("archive", "adopt", schedules, "--reason", "council")
    capsysbinary.readouterr()
    office.run("dispose", "--simulate", "--json")
    id_ = str(said(capsysbinary)[0]["id"])
    assert office.run("archive", "promote", id_, "executive", "--reason", "the mayor's") == 0
    assert office.run("archive", "promote", id_, "nothing", "--reason", "r") == 4
    assert office.run("archive", "promote", "0123456789ab", "executive", "--reason", "r") == 1
    assert office.run("tick") == 0
    capsysbinary.readouterr()
    assert office.run("dispose", "--simulate", "--json") == 0
    assert said(capsysbinary) == [{"due": 0, "kept": {"permanent": 1, "not yet": 1}}]
    assert office.run("archive", "compact", "--reason", "yearly", "--json") == 0
    assert said(capsysbinary)[0]["moved"] == 1
    assert office.run("archive", "status", "--json") == 0
    [status] = said(capsysbinary)
    assert status["classes"]["executive"]["captures"] == 1  # type: ignore[index]
    assert office.run("verify", "--deep") == 0


@pytest.mark.rule("P-20, promise 3", "The hold of a request for records is lifted by the end of the request alone.")
def test_a_hold_of_a_request_is_not_ended_by_a_command(office: Office, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    name = holds.place(
        office.data,
        ground="request",
        scope=f"{holds.REQUEST}PR-2026-00007: all",
        tree=Everything(),
        actor="worker",
        reason="r",
        now=1,
    )
    assert office.run("hold", "end", name, "--reason", "not needed") == 4
    assert b"belongs to request PR-2026-00007" in capsysbinary.readouterr().err
    assert [hold.id for hold in holds.load(office.data)] == [name]
    holds.end(office.data, name, actor="worker", reason="answered", now=2, with_work=True)
    assert holds.load(office.data) == []
