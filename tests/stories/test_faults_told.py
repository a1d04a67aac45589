"""What stands still, is gone or cannot be read is told by `doctor` within a minute, in the line that names it (P-15, P-23)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.config.load import load
from civicmail.front.checkup import heartbeats
from civicmail.front.checkup.examine import examine
from civicmail.front.checkup.findings import MINUTE, Patient
from civicmail.front.checkup.jobs import LOST
from neighbours.civic import Civicmail, civicmail
from stories.townhall import townhall

pytestmark = pytest.mark.timeout(240)

CLAIM = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
SOMETIMES = {"kick", "learn", "link", "habits", "late", "replicate"}
"""Jobs that the settings decide about."""


def problems(city: Civicmail, *, later: int = 0) -> set[str]:
    """What doctor is red about, and would be in so many ms if nothing changes."""
    environ = {key: value for key, value in city.environment.items() if key.startswith("CIVICMAIL__")}
    patient = Patient(city.data, load(city.data, environ=environ), now_ms() + later)
    return {finding.check for finding in examine(patient) if finding.level == "problem"}


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


@contextmanager
def stopped(city: Civicmail, *processes: str) -> Iterator[None]:
    """These stand still: they are there, hold their leases and ports, and do nothing."""
    pids = [pid for words in processes for pid in _family(city, words)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _family(city: Civicmail, words: str) -> list[int]:
    """One of its processes, by words of its command line, and those that it has started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    (first,) = (
        pid for pid in children[city.pid] if words.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    )
    found = [first]
    for pid in found:
        found += children.get(pid, [])
    return found


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    """A file has other content, or is gone."""
    before = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)
        path.chmod(0o600)


def test_what_stands_still_is_gone_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    """R-1292, R-1296, and a table of faults of a served city, claimed and with people."""
    city = Civicmail(tmp_path / "data")
    civicmail(*CLAIM, "--reason", "the council decided so", data=city.data)
    townhall(city.data)
    city.set(web__serve="true")
    with city:
        until(city.is_ready)
        until(lambda: all(heartbeats.read(city.data, process) for process in ("search", "mail", "courier", "city")))
        quiet = problems(city)
        assert not quiet & {"mail in", "pages", "who may use mail"} and not {c for c in quiet if c.startswith("job ")}
        _each_job_has_its_line(city)
        _each_process(city, quiet)
        _each_file(city, quiet)
    assert {"mail in", "pages", "job courier", "job ledger", "job index", "job seal"} <= problems(city, later=MINUTE)


def _each_job_has_its_line(city: Civicmail) -> None:
    """What doctor says is lost is said of every job that runs, and of none that does not."""
    for process, lost in LOST.items():
        if process != "standby":
            beat = heartbeats.read(city.data, process)
            assert beat is not None
            running = {one.job for one in beat.jobs}
            assert running <= set(lost) and set(lost) - running <= SOMETIMES, process


def _each_process(city: Civicmail, quiet: set[str]) -> None:
    with stopped(city, "run gateway", "run web", "--job search", "--job mail", "--job courier", "--job city"):
        told = problems(city, later=MINUTE) - quiet
        assert {"mail in", "pages", "job index", "job seal", "job courier", "job ledger", "who may use mail"} <= told, told
        assert {f"job {job}" for job in LOST["city"]} - {f"job {job}" for job in SOMETIMES} <= told
    until(lambda: not problems(city) - quiet)


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
