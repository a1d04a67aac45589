"""The loop around a job: it survives what goes wrong, shares by lease, and stops when asked (P-23)."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, Patience, is_held, lease_path
from civicmail.front.worker import job_loop
from civicmail.front.worker.job_loop import Job, Work, run_all, run_job


class Stop(threading.Event):
    """An event whose waiting takes no time; it stops after some waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


def _start(work: Work) -> Callable[[], AbstractContextManager[Work]]:
    @contextmanager
    def start() -> Iterator[Work]:
        yield work

    return start


def test_a_job_works_at_its_pace_and_at_once_when_there_is_more(tmp_path: Path) -> None:
    more = iter([True, True, False, False])
    stop = Stop(2)
    run_job(Job("j", _start(lambda: next(more)), 5.0), tmp_path, stop, clock=lambda: 0.0)
    assert stop.waited == [5.0, 5.0]


def test_a_job_outlives_its_failures_with_growing_pauses(tmp_path: Path) -> None:
    rounds = 0

    def work() -> bool:
        nonlocal rounds
        rounds += 1
        raise RuntimeError("bad round")

    stop = Stop(10)
    run_job(Job("j", _start(work), 1.0), tmp_path, stop)
    assert rounds == 10
    assert stop.waited[:4] == [0.5, 1.0, 2.0, 4.0]
    assert max(stop.waited) == job_loop.MAX_PAUSE


@pytest.mark.parametrize(("error", "traced"), [(type("OperationalError", (Exception,), {}), False), (RuntimeError, True)])
def test_a_database_that_does_not_answer_is_a_sentence_and_a_bug_is_traced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], traced: bool
) -> None:
    said: list[dict[str, object]] = []
    monkeypatch.setattr(job_loop, "log", SimpleNamespace(error=lambda _, **facts: said.append(facts)))

    def work() -> bool:
        raise error("database is locked\nand more")

    run_job(Job("j", _start(work), 1.0), tmp_path, Stop(1))
    assert said[0]["exc_info"] is traced and said[0].get("problem") == (None if traced else "database is locked")


def test_a_good_round_ends_the_row_of_failures(tmp_path: Path) -> None:
    outcomes = iter([RuntimeError, RuntimeError, None, RuntimeError])

    def work() -> bool:
        if wrong := next(outcomes):
            raise wrong
        return True

    stop = Stop(3)
    run_job(Job("j", _start(work), 1.0), tmp_path, stop)
    assert stop.waited == [0.5, 1.0, 0.5]


def test_the_lease_is_held_while_the_job_runs_and_waited_for_otherwise(tmp_path: Path) -> None:
    seen = []

    def work() -> bool:
        seen.append(is_held(lease_path(tmp_path, "thing")))
        return False

    with Lease.take(lease_path(tmp_path, "thing")):
        stop = Stop(3)
        run_job(Job("j", _start(work), 1.0, "thing"), tmp_path, stop)
        assert (seen, stop.waited) == ([], [1.0] * 3)
    run_job(Job("j", _start(work), 1.0, "thing"), tmp_path, Stop(1))
    assert seen == [True]
    assert not is_held(lease_path(tmp_path, "thing"))


def test_all_jobs_run_and_stop_together(tmp_path: Path) -> None:
    stop = threading.Event()
    both = threading.Barrier(2, action=stop.set)

    def work() -> bool:
        both.wait(60)
        return False

    run_all("test", [Job("a", _start(work), 60.0), Job("b", _start(work), 60.0)], tmp_path, stop)
    assert stop.is_set()


@pytest.mark.rule("P-23", "A command that needs a lease gets it from the worker between two rounds, and the worker takes it again.")
def test_a_lease_that_a_command_wants_is_let_go_between_two_rounds_and_taken_again(tmp_path: Path) -> None:
    path, stop, rounds, lent = lease_path(tmp_path, "thing"), threading.Event(), list[float](), None

    @contextmanager
    def start() -> Iterator[Work]:
        with Lease.take(path):
            yield lambda: bool(rounds.append(0.0))

    thread = threading.Thread(target=run_job, args=(Job("j", start, 0.01, lends="thing"), tmp_path, stop))
    thread.start()
    try:
        while not rounds:
            stop.wait(0.01)
        with contextlib.suppress(LeaseHeld):
            lent = Lease.take(path, Patience(5))
        assert lent, "it was not let go"
        with lent:
            before = len(rounds)
            stop.wait(0.3)
            assert len(rounds) == before
        while len(rounds) == before:
            stop.wait(0.01)
    finally:
        stop.set()
        thread.join()
