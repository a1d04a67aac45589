"""A job begins when what it waits for has changed, and not before it is due otherwise (P-23)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.disk import changes
from civicmail.front.checkup.job_registry import JOURNAL
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.front.worker.wakeups import Wakeup
from civicmail.mail.archive.commit import Writer

LONG = 3600.0


@pytest.fixture
def rounds(tmp_path: Path) -> Iterator[list[float]]:
    """The moments of the rounds of a job that waits for records and for the table `a`; it runs until the test ends."""
    begun: list[float] = []
    stop = threading.Event()

    @contextmanager
    def start() -> Iterator[Work]:
        yield lambda: begun.append(time.monotonic()) or 0

    job = Job("j", start, 0.01, wakeup=Wakeup(), woken_by=frozenset({JOURNAL, "a"}), fallback=LONG)
    thread = threading.Thread(target=run_all, args=("test", [job], tmp_path, stop))
    thread.start()
    _until(lambda: changes.folder(tmp_path).exists() and bool(begun))
    yield begun
    stop.set()
    thread.join(60)
    assert not thread.is_alive(), "it rests for an hour, and ends all the same"


def _until(is_true: object) -> None:
    end = time.monotonic() + 60
    while not is_true():  # type: ignore[operator]
        assert time.monotonic() < end, "not within a minute"
        threading.Event().wait(0.01)


@pytest.mark.rule("P-23", "A durable record and a committed change of a table wake the jobs that wait for them.")
def test_a_record_and_a_table_wake_the_job(tmp_path: Path, rounds: list[float]) -> None:
    for change in (lambda: closing(Writer(tmp_path, now_ms)).__enter__(), lambda: changes.note(tmp_path, "a")):
        before = len(rounds)
        change()
        _until(lambda before=before: len(rounds) > before)


def test_what_it_does_not_wait_for_does_not_wake_it(tmp_path: Path, rounds: list[float]) -> None:
    changes.note(tmp_path, "b")
    before = len(rounds)
    changes.note(tmp_path, "a")
    _until(lambda: len(rounds) > before)
    changes.note(tmp_path, "b")
    threading.Event().wait(0.2)
    assert len(rounds) <= before + 2


def test_a_named_moment_ends_the_rest() -> None:
    wakeup = Wakeup()
    wakeup.at(now_ms() + 20)
    wakeup.at(now_ms() + 60_000)
    began = time.monotonic()
    wakeup.wait(LONG)
    assert time.monotonic() - began < 30
    wakeup.at(now_ms() - 1000)
    wakeup.wait(LONG)


def test_a_change_during_a_round_is_followed_by_another_one() -> None:
    wakeup = Wakeup()
    wakeup.clear()
    wakeup.wake()
    wakeup.wait(LONG)
