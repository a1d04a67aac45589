"""What `doctor` says of jobs: who does them, since when nobody does, and what is lost meanwhile (P-15, P-23)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.core.config.settings import Settings
from civicmail.front.checkup import heartbeats, jobs
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Installation
from civicmail.front.checkup.heartbeats import Beat, Heartbeat
from civicmail.front.worker.job_loop import Job, Work, run_all

NOW = 1_772_452_800_000
GOOD = Heartbeat("mail", 17, NOW, (Beat("seal", done=NOW - 900), Beat("screen", done=NOW - 900)))


def told(data: Path, now: int = NOW) -> dict[str, Finding]:
    """What is said of the mail worker."""
    return {
        f.check: f for f in jobs.jobs(Installation(data, Settings(), now)) if f.check in ("job seal", "job screen", "worker mail")
    }


@pytest.mark.rule(
    "P-15, P-23",
    "A worker that notes nothing for a minute does nothing: each of its jobs is a problem of doctor, with what is lost meanwhile.",
)
def test_a_process_that_notes_nothing_for_a_minute_does_nothing(tmp_path: Path) -> None:
    """Stopped, killed or hung, whatever its leases say."""
    heartbeats.write(tmp_path, GOOD)
    assert {f.level for f in told(tmp_path).values()} == {"ok"}
    assert {f.level for f in told(tmp_path, NOW + MINUTE - 1).values()} == {"ok"}
    assert {f.level for f in told(tmp_path, NOW - 5_000).values()} == {"ok"}, "noted while doctor waited for something else"
    late = told(tmp_path, NOW + MINUTE)
    assert {check: f.level for check, f in late.items()} == {"job seal": "problem", "job screen": "problem"}
    assert "journals grow" in late["job seal"].text and "--job mail" in late["job seal"].do


@pytest.mark.rule("P-15, P-23", "A job that fails again and again is a problem of doctor, with its reason.")
def test_a_job_that_fails_again_and_again_is_a_problem_with_its_reason(tmp_path: Path) -> None:
    failing = Beat("screen", done=NOW - HOUR, failures=1, problem="the database does not answer")
    for failures, level in ((1, "warning"), (4, "problem")):
        heartbeats.write(tmp_path, replace(GOOD, jobs=(GOOD.jobs[0], replace(failing, failures=failures))))
        found = told(tmp_path)
        assert set(found) == {"job screen", "worker mail"}
        assert found["job screen"].level == level and "the database does not answer" in found["job screen"].text
        assert "goes on waiting" in found["job screen"].text and "1 of 2" in found["worker mail"].text


def test_what_another_process_does_is_no_fault_of_this_one(tmp_path: Path) -> None:
    heartbeats.write(tmp_path, replace(GOOD, jobs=(Beat("seal", elsewhere=True), GOOD.jobs[1])))
    assert {f.level for f in told(tmp_path).values()} == {"ok"}


def test_a_round_of_hours_is_looked_at(tmp_path: Path) -> None:
    heartbeats.write(tmp_path, replace(GOOD, jobs=(Beat("seal", began=NOW - 2 * HOUR), GOOD.jobs[1])))
    assert told(tmp_path)["job seal"].level == "warning"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"process": 1}', b'{"process":"mail","pid":1,"at":1,"jobs":[{"x":1}]}'])
def test_a_heartbeat_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    heartbeats.write(tmp_path, GOOD)
    (heartbeats.folder(tmp_path) / "mail.json").write_bytes(content)
    assert heartbeats.read(tmp_path, "mail") is None


def test_a_process_notes_how_its_jobs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed and what went well, while both go on."""
    monkeypatch.setattr(heartbeats, "EVERY", 0)
    stop, rounds = threading.Event(), 0

    @contextmanager
    def start() -> Iterator[Work]:
        yield lambda: False

    @contextmanager
    def bad() -> Iterator[Work]:
        raise RuntimeError("of a message")
        yield lambda: False

    def is_seen() -> bool:
        nonlocal rounds
        rounds += 1
        seen = heartbeats.read(tmp_path, "mail")
        if rounds > 500 or (seen and all(one.done or one.problem for one in seen.jobs)):
            stop.set()
        return False

    @contextmanager
    def looks() -> Iterator[Work]:
        yield is_seen

    run_all("mail", [Job("good", start, 0.01), Job("bad", bad, 0.01), Job("looks", looks, 0.01)], tmp_path, stop)
    seen = heartbeats.read(tmp_path, "mail")
    assert seen is not None
    good, failed, _ = seen.jobs
    assert (good.done > 0, good.failures) == (True, 0)
    assert (failed.done, failed.failures > 0, failed.problem) == (0, True, "RuntimeError")
