"""What stands still, is gone or cannot be read is told by `doctor` within a minute, in the line that names it (P-15, P-23)."""

from __future__ import annotations

import os
import smtplib
from contextlib import ExitStack
from pathlib import Path

import pytest

from civicmail.city.identity.database_backup import DATABASE
from civicmail.core.config.load import load
from civicmail.front.checkup import heartbeats, job_registry
from civicmail.front.checkup.findings import HOUR, MINUTE
from civicmail.front.checkup.job_registry import PROCESSES, Process
from civicmail.front.sample import installation
from neighbours.civic import Civicmail, civicmail
from stories.faults import changed, damaged, doctor, expected, problems, stopped, until, until_told_in_a_minute, wrong
from stories.townhall import townhall

pytestmark = pytest.mark.timeout(240)

CLAIM = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")


def test_what_stands_still_is_gone_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A table of faults of a served city, claimed and with people."""
    city = Civicmail(tmp_path / "data")
    civicmail(*CLAIM, "--reason", "the council decided so", data=city.data)
    townhall(city.data)
    city.set(web__serve="true", metrics__port=str(installation.free_ports(1)[0]))
    with city:
        until(city.is_ready)
        until(lambda: all(heartbeats.read(city.data, process) for process in ("search", "mail", "courier", "city")))
        _send(city)
        city.wait(captures=1)
        quiet = problems(city)
        assert not quiet & {"mail in", "pages", "who may use mail"} and not {c for c in quiet if c.startswith("job ")}
        _each_job_has_its_line(city)
        _each_process(city, quiet)
        _each_file(city, quiet)
    assert {"mail in", "pages", "job courier", "job ledger", "job index", "job seal"} <= problems(city, later=MINUTE)


def _send(city: Civicmail) -> None:
    with smtplib.SMTP("127.0.0.1", city.mx) as wire:
        wire.sendmail("anna@outside.example", ["rosa.hale@city.example"], "Subject: Gravel\r\n\r\nHello.\r\n")


def _each_job_has_its_line(city: Civicmail) -> None:
    """The jobs that run are those that are declared, and doctor says of each what is lost."""
    for process in PROCESSES:
        if process != "standby":
            beat = heartbeats.read(city.data, process)
            assert beat is not None
            assert [one.job for one in beat.jobs] == _declared(city, process)


def _declared(city: Civicmail, process: Process) -> list[str]:
    return [job.name for job in job_registry.jobs(load(city.data), process)]


def _each_process(city: Civicmail, quiet: set[str]) -> None:
    workers = ("--job search", "--job mail", "--job courier", "--job city")
    with ExitStack() as still:
        still.enter_context(stopped(city, *workers))
        _send(city)
        still.enter_context(stopped(city, "run gateway", "run web", "run metrics"))
        jobs = {f"job {job}" for process in ("search", "mail", "courier", "city") for job in _declared(city, process)}
        until_told_in_a_minute(city, "mail in", "pages", "metrics", "who may use mail", *jobs)
        assert {"index delay", "ledger delay", "checkpoint"} <= wrong(expected(city, later=3 * HOUR))
        _kept_in_files(city)
    until(lambda: not problems(city) - quiet)


def _kept_in_files(city: Civicmail) -> None:
    """What a disk has lost of files that nobody writes at this moment."""
    (journal, *_), (meta, *_) = (sorted(city.data.glob(kept)) for kept in ("journal/*/*.log", "index/*/*/*/meta.json"))
    with ExitStack() as lost:
        for path, at, length in ((city.data / DATABASE, 4096, 1 << 16), (journal, 200, 1), (meta, 0, 16)):
            lost.enter_context(damaged(path, at, length))
        told = {one.check for one in doctor(city) if one.level == "problem"}
        assert {"people", "journals", "index"} <= told, told
    assert not {"people", "journals", "index"} & problems(city)


def _each_file(city: Civicmail, quiet: set[str]) -> None:
    keys = city.data / "keys"
    for path, content, check in (
        (keys / "master.key", None, "keys"),
        (keys / "ledger.key", None, "keys"),
        (city.data / "access" / "snapshot", b"{", "who may use mail"),
    ):
        with changed(path, content):
            assert check in problems(city), path
    os.chmod(keys / "master.key", 0o644)
    assert "keys" in problems(city)
    os.chmod(keys / "master.key", 0o600)
    until(lambda: not problems(city) - quiet)
