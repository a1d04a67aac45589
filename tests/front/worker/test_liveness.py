"""A process whose job hangs stops saying that it is alive; one whose job works for long does not (P-23)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from civicmail.core.config.systemd import Manager
from civicmail.front.checkup.heartbeats import Beat
from civicmail.front.worker.job_loop import Job, Work, run_job
from civicmail.front.worker.liveness import MAX_ROUND_SECONDS, MAX_STILL_SECONDS, Liveness, Pulse, StopEvent, processor_ns

CIRCLES = """
import sys, threading
from contextlib import contextmanager
from pathlib import Path
from civicmail.front.worker.job_loop import Job, run_all

def circles():
    while True:
        sum(range(1000))

@contextmanager
def start(work):
    yield work

jobs = [Job("good", lambda: start(lambda: False), 0.1), Job("bad", lambda: start(circles), 0.1, max_round=2.0)]
run_all("circles", jobs, Path(sys.argv[1]), threading.Event())
"""
"""Another job of the process goes on, and so does the thread that tells."""


class Told(Manager):
    """Keeps what it would tell."""

    def __init__(self) -> None:
        super().__init__({})
        self.said: list[str] = []

    def ready(self) -> None:
        self.said.append("ready")

    def alive(self) -> None:
        self.said.append("alive")

    def starting(self, seconds: float) -> None:
        self.said.append("starting")

    def stopping(self) -> None:
        self.said.append("stopping")


class Round:
    """A job in a thread of its own, whose rounds a test begins and ends; now: the clock of whoever looks."""

    def __init__(self, tmp_path: object, work: Callable[[], bool]) -> None:
        self.stop, self.beat, self.now, self.told = threading.Event(), Beat("j"), 0.0, Told()
        pulse = Pulse(self.stop, self.beat)

        @contextmanager
        def start() -> Iterator[Work]:
            yield work

        self.thread = threading.Thread(
            target=run_job, args=(Job("j", start, 60.0), tmp_path, pulse, time.monotonic, self.beat), daemon=True
        )
        self.liveness = Liveness([(pulse, self.thread)], self.told, lambda: self.now)

    def looks(self, *moments: float) -> list[str]:
        """What is told when somebody looks at these moments."""
        self.told.said.clear()
        for self.now in moments:
            self.liveness.look()
        return self.told.said

    def close(self) -> None:
        self.stop.set()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.rule(
    "P-23",
    "A process with a hanging round stops reporting to the service manager that it is alive, so that it is restarted.",
)
def test_a_round_that_hangs_is_not_alive_after_ten_minutes(tmp_path: object) -> None:
    """A thread that waits for what never comes uses no processor."""
    never = threading.Event()
    with closing(Round(tmp_path, lambda: never.wait(120))) as job:
        assert job.looks(0, 1) == ["starting", "starting"], "its round has not begun"
        job.thread.start()
        until(lambda: bool(job.beat.began))
        time.sleep(0.05)
        assert job.looks(2) == ["ready", "alive"]
        assert job.looks(MAX_STILL_SECONDS, MAX_STILL_SECONDS + 3, 3 * MAX_STILL_SECONDS) == ["alive"]
        never.set()


@pytest.mark.rule("P-23", "A round that works is alive for hours.")
def test_a_round_that_works_for_hours_is_alive(tmp_path: object) -> None:
    """The other side, with a round that does not end for hours; one that goes in circles is none."""
    done = threading.Event()

    def work() -> bool:
        while not done.is_set():
            sum(range(100))
            time.sleep(0.001)
        return False

    with closing(Round(tmp_path, work)) as job:
        job.thread.start()
        until(lambda: bool(job.beat.began))
        for hour in range(1, 5):
            used = processor_ns(job.thread)
            until(lambda used=used: processor_ns(job.thread) > used)  # type: ignore[misc]
            assert job.looks(hour * 3600.0)[-1:] == ["alive"]
        assert job.looks(3600.0 + MAX_ROUND_SECONDS + 1) == []
        done.set()


@pytest.mark.rule("P-23", "A process with a job in an endless loop stops reporting to the service manager that it is alive.")
def test_a_round_without_an_end_is_alive_while_it_asks_whether_it_should_stop() -> None:
    """Delivery and the second place."""
    now = 0.0
    asked, beat = StopEvent(threading.Event(), lambda: now), Beat("j", began=1)
    pulse = Pulse(threading.Event(), beat, 60.0, 600.0, asked)
    for used in range(100):
        now += 300.0
        asked.is_set()
        assert not pulse.is_stuck(used, now)
    assert not pulse.is_stuck(101, now + 599.0) and pulse.is_stuck(102, now + 601.0)


def test_a_process_with_a_job_that_goes_in_circles_stops_telling_that_it_is_alive(tmp_path: Path) -> None:
    """A real process and a real socket of a service manager, which would start it anew."""
    place = tmp_path / "notify"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(place))
        manager.settimeout(20)
        env = os.environ | {"NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "30000"}
        process = subprocess.Popen([sys.executable, "-c", CIRCLES, str(tmp_path)], env=env)
        try:
            said = [manager.recv(100) for _ in range(2)]
            manager.settimeout(5)
            with suppress(TimeoutError):
                while len(said) < 30:
                    said.append(manager.recv(100))
            assert process.poll() is None and {b"READY=1", b"WATCHDOG=1"} <= set(said) and len(said) < 30, said
        finally:
            process.kill()
            process.wait()


def test_a_job_that_rests_for_an_hour_is_alive(tmp_path: object) -> None:
    with closing(Round(tmp_path, lambda: False)) as job:
        job.thread.start()
        until(lambda: bool(job.beat.done))
        time.sleep(0.05)
        assert job.looks(1, 3600.0, 7200.0) == ["ready", "alive", "alive", "alive"]
        job.stop.set()
        assert job.looks(7300.0) == ["stopping", "alive"]


def test_a_thread_that_has_ended_has_a_processor_time() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    until(lambda: processor_ns(thread) == 0)


@pytest.mark.rule(
    "P-23",
    "A worker reports that it is ready when each of its jobs has started, or has failed and will be retried. The units "
    "run a city, as shipped, on a machine of systemd: `tests/stories/test_units_run.py`.",
)
@pytest.mark.parametrize("fails", [True, False])
def test_a_process_is_ready_when_each_job_has_begun_or_will_be_tried_again(tmp_path: object, fails: bool) -> None:
    """The database is away: the service is there all the same, and the log says why a job does not work."""

    def refuse() -> AbstractContextManager[Work]:
        raise OSError("the database is away")

    stop, beat, told = threading.Event(), Beat("j"), Told()
    pulse = Pulse(stop, beat)
    thread = threading.Thread(target=run_job, args=(Job("j", refuse, 60.0), tmp_path, pulse, time.monotonic, beat), daemon=True)
    liveness = Liveness([(pulse, thread)], told, lambda: 0.0)
    if fails:
        thread.start()
        until(lambda: beat.failures > 0)
    liveness.look()
    stop.set()
    assert told.said == (["ready", "alive"] if fails else ["starting"])
