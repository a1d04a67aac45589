"""doctor: each finding says what is wrong and what to do (P-15)."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.config.load import load
from civicmail.core.config.settings import Archive, Settings
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.checkup import machine, storage
from civicmail.front.checkup.checks import run_checks
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.archive.commit import Writer
from civicmail.mail.replica import status as standby
from civicmail.mail.replica.status import Status
from civicmail.mail.search import coverage
from front.cli.office import Office, now

BODY = b"Subject: budget\r\n\r\nhello\r\n"
HOUR = 3_600_000


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")


def findings(office: Office, check: str, *, at: int | None = None, settings: Settings | None = None) -> list[Finding]:
    patient = Installation(office.data, settings or load(office.data), at or now())
    return [f for f in run_checks(patient) if f.check == check and f.level != "ok"]


def test_every_finding_that_is_not_ok_says_what_to_do(office: Office) -> None:
    office.receive(BODY)
    for finding in run_checks(Installation(office.data, load(office.data), now())):
        assert finding.text.endswith(".")
        assert bool(finding.do) == (finding.level != "ok")


@pytest.mark.rule(
    "P-29",
    "An unconfigured feature is a state of its own, neither red nor green, and names what is lost: a new installation "
    "does not look broken.",
)
def test_what_is_not_set_up_is_neither_red_nor_green(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new installation does not look broken, and what is lost without is said."""
    office = Office(tmp_path / "data")
    assert office.run("doctor") == 0
    said = capsys.readouterr().out
    off = {"recovery key", "job courier", "standby", "access", "mail out", "mail programs", "virus scanner", "address of the pages"}
    assert off <= {
        line.removeprefix("not set up").strip().partition(":")[0] for line in said.splitlines() if line.startswith("not set up")
    }
    assert "PROBLEM" not in said
    office.receive(BODY)
    assert [findings(office, check)[0].level for check in ("access", "recovery key")] == ["warning", "problem"]


@pytest.mark.rule("P-15, promise 2", "doctor is red until an operator has proved possession of the recovery key.")
def test_it_is_red_until_the_recovery_key_was_proved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(tmp_path / "data")
    key = next(w for w in capsys.readouterr().err.split() if w.count("-") == 7)
    assert [f.level for f in findings(office, "recovery key")] == ["not-set-up"], "nothing can be lost yet"
    office.receive(BODY)
    assert office.run("doctor") == 1
    assert findings(office, "recovery key")[0].level == "problem"
    from civicmail.mail.archive.keyring import prove_recovery

    assert prove_recovery(office.data, key, now=now())
    assert findings(office, "recovery key") == []


def test_what_waits_for_a_part_of_screening_is_told_before_a_person_has_to_decide(office: Office) -> None:
    """Promise 6."""
    assert findings(office, "screening") == []
    capture, body = office.letter(BODY)
    with closing(Writer(office.data, now)) as writer:
        writer.receipt(replace(capture, dispositions=(Disposition(0, "pending", ("unavailable:clamav",)),)), body)
        writer.flush()
    (finding,) = findings(office, "screening", at=capture.received + HOUR // 60)
    assert finding.level == "warning" and capture.uuid in finding.do and "since 1 minutes" in finding.text
    assert findings(office, "screening", at=capture.received + HOUR // 10)[0].level == "problem"


def test_json_is_one_object_a_line(office: Office, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    capfdbinary.readouterr()
    office.run("doctor", "--json")
    lines = [orjson.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert {"disk", "keys", "clock", "job courier", "index lag", "ledger lag", "outstanding", "journals", "access"} <= {
        line["check"] for line in lines
    }
    assert all(set(line) == {"check", "level", "text", "do"} for line in lines)


def test_a_full_disk_is_a_problem(office: Office) -> None:
    settings = load(office.data, environ={"CIVICMAIL__GATEWAY__MIN_FREE": str(1 << 60)})
    [finding] = findings(office, "disk", settings=settings)
    assert finding.level == "problem" and "452" in finding.text and "mailboxes and the search index wait" in finding.do


def test_keys_that_others_read_or_that_do_not_fit_or_are_gone_are_problems(office: Office) -> None:
    assert findings(office, "keys") == []
    (office.data / "keys" / "master.key").chmod(0o644)
    assert "chmod 600" in findings(office, "keys")[0].do
    other = Office(office.data.parent / "other")
    shutil.copy(other.data / "keys" / "ledger.key", office.data / "keys" / "ledger.key")
    assert any("belong together" in f.text for f in findings(office, "keys"))
    (office.data / "keys" / "ledger.key").unlink()
    assert findings(office, "keys")[0].level == "problem"


def test_a_clock_that_was_set_back(office: Office) -> None:
    office.receive(BODY)
    assert findings(office, "clock") == []
    assert findings(office, "clock", at=now() - HOUR)[0].level == "problem"
    assert findings(office, "clock", at=1)[0].level == "problem"


def test_who_does_the_jobs(office: Office) -> None:
    assert "delivered" in findings(office, "job courier")[0].text
    with Lease.take(lease_path(office.data, "courier")):
        assert findings(office, "job courier") == []


def test_mail_that_waits_is_a_warning_after_minutes_and_a_problem_after_hours(office: Office) -> None:
    assert findings(office, "outstanding") == []
    [id_] = office.receive(BODY)
    assert findings(office, "outstanding") == []
    [finding] = findings(office, "outstanding", at=now() + HOUR)
    assert finding.level == "warning" and id_ in finding.text
    assert findings(office, "outstanding", at=now() + 5 * HOUR)[0].level == "problem"


def test_lag_of_index_and_ledger(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(office, "ledger lag") == []
    office.receive(BODY, BODY)
    assert findings(office, "ledger lag")[0].level == "warning"
    monkeypatch.setattr(storage, "MAX_RECORDS_BEHIND", 1)
    assert findings(office, "ledger lag")[0].level == findings(office, "index lag")[0].level == "problem"
    with Lease.take(lease_path(office.data, "ledger")):
        assert findings(office, "ledger lag")[0].level == "warning"
    office.integrate()
    assert findings(office, "ledger lag") == []


def test_an_index_that_rests_for_want_of_room_is_a_problem(office: Office) -> None:
    coverage.pause(office.data)
    [finding] = findings(office, "index lag")
    assert finding.level == "problem" and "rests" in finding.text and "by itself" in finding.do
    coverage.resume(office.data)
    assert findings(office, "index lag") == []


def test_how_long_the_oldest_mail_waits_for_index_and_ledger(office: Office) -> None:
    assert findings(office, "index delay") == findings(office, "ledger delay") == []
    office.receive(BODY)
    assert findings(office, "ledger delay") == []
    for check in ("index delay", "ledger delay"):
        assert findings(office, check, at=now() + 2 * HOUR // 60)[0].level == "warning"
        assert findings(office, check, at=now() + HOUR)[0].level == "problem"
    office.integrate()
    assert findings(office, "ledger delay", at=now() + HOUR) == []
    assert findings(office, "index delay", at=now() + HOUR)


def test_an_old_checkpoint(office: Office) -> None:
    office.receive(BODY)
    office.integrate(signed=True)
    assert findings(office, "checkpoint") == []
    assert findings(office, "checkpoint", at=now() + 3 * HOUR)[0].level == "warning"


def test_a_damaged_journal(office: Office) -> None:
    office.receive(BODY, BODY)
    assert findings(office, "journals") == []
    path = next(office.data.glob("journal/*/*.log"))
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    assert "Record 1 of journal 0001 cannot be read" in findings(office, "journals")[0].text


def test_a_damaged_snapshot_does_not_end_the_examination(office: Office) -> None:
    (office.data / "outstanding").mkdir(exist_ok=True)
    (office.data / "outstanding" / "snapshot").write_bytes(b"rubbish")
    [finding] = findings(office, "outstanding")
    assert finding.level == "problem"
    assert "civicmail rebuild outstanding" in finding.do
    assert findings(office, "access")


def test_an_unclaimed_installation_says_so(office: Office) -> None:
    assert "unclaimed" in findings(office, "access")[0].text
    (office.data / "claimed").touch()
    assert findings(office, "access") == []


def test_an_encrypted_volume_is_recognized_through_its_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = tmp_path / "block"
    (top / "253:1" / "slaves").mkdir(parents=True)
    (top / "253:0" / "dm").mkdir(parents=True)
    (top / "253:1" / "slaves" / "dm-0").symlink_to(top / "253:0")
    real = Path
    monkeypatch.setattr(machine, "Path", lambda p: top if p == "/sys/dev/block" else real(p))
    assert not machine.is_encrypted(os.makedev(253, 1))
    (top / "253:0" / "dm" / "uuid").write_text("CRYPT-LUKS2-0123\n")
    assert machine.is_encrypted(os.makedev(253, 1))


def test_without_a_second_place_it_says_so_and_a_lag_of_more_than_five_seconds_is_a_problem(office: Office, tmp_path: Path) -> None:
    assert findings(office, "standby")[0].level == "not-set-up"
    settings = Settings(archive=Archive(standby=str(tmp_path / "copy")))
    office.receive(BODY)
    assert "everything would be lost" in findings(office, "standby", settings=settings)[0].text
    standby.write(office.data, Status(now(), now() - 3_000, "", {"0001": 0}))
    assert not findings(office, "standby", settings=settings)
    standby.write(office.data, Status(now(), now() - 6_000, "It cannot be reached.", {"0001": 0}))
    (found,) = findings(office, "standby", settings=settings)
    assert found.level == "problem"
    assert found.text == "With this machine at most 6 seconds of mail would be lost. It cannot be reached."
    standby.write(office.data, Status(now(), now() - 60_000, "", {"0001": 1}))
    assert not findings(office, "standby", settings=settings)
    standby.write(office.data, Status(now(), now() - 60_000, "It cannot be reached.", {"0001": 1}))
    (away,) = findings(office, "standby", settings=settings)
    assert away.level == "problem" and "is away since" in away.text and "It cannot be reached." in away.text


def test_a_rotation_of_the_master_key_that_has_not_ended_is_a_problem(office: Office) -> None:
    shutil.copy(office.data / "keys" / "master.key", office.data / "keys" / "master.old")
    assert "rotated" in findings(office, "keys")[0].text
    assert office.run("keys", "rotate-master") == 0
    assert not findings(office, "keys")


def test_an_index_that_says_more_than_it_has_is_a_problem(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.receive(BODY, BODY.replace(b"budget", b"roads"))
    office.run("rebuild", "index")
    assert findings(office, "index") == []
    monkeypatch.setattr(storage, "searchable", lambda _: 0)
    (finding,) = findings(office, "index")
    assert finding.level == "problem" and "0 of 2 captures" in finding.text and "rebuild index" in finding.do
