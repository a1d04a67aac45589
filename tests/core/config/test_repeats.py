"""The same error again and again is one line with its trace, and a sum once a minute; nothing else is left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from civicmail.core.config import log, repeats
from civicmail.core.config.repeats import MAX_KINDS, Repeats, Sum
from civicmail.core.config.settings import Log


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    was = structlog.get_config() if structlog.is_configured() else None
    yield
    log.forget()
    structlog.reset_defaults()
    if was:
        structlog.configure(**was)


def lines(said: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.splitlines()]


def fail(event: str, error: Exception, **fields: object) -> None:
    try:
        raise error
    except type(error):
        log.get_logger().exception(event, **fields)


class Rated:
    """A process whose clock is turned by hand."""

    def __init__(self) -> None:
        self.now, self.sums = 0.0, list[Sum]()
        self.repeats = Repeats(lambda level, fields: self.sums.append((level, fields)), lambda: self.now, timer=False)

    def log(self, event: str, level: str = "error", **fields: object) -> bool:
        """Whether it is logged now."""
        return not self.repeats.is_repeat({"event": event, "level": level, **fields})


@pytest.mark.rule(
    "P-23",
    "A repeated error is logged once with its traceback, and then summed once a minute: count, start, and the last one's fields.",
)
def test_the_same_error_is_one_line_with_its_trace_and_a_sum(capsys: pytest.CaptureFixture[str]) -> None:
    """A database that is away fills no disk, and the sum says how often, since when and what came last."""
    log.set_up(Log(format="json"), "web")
    for number in range(1_000):
        fail("a message was not kept", ConnectionError("away"), listener="mx", capture=f"c{number}")
    log.set_up(Log(format="json"), "web")  # as at the end of the process
    said = lines(capsys.readouterr().err)
    assert len(said) == 2
    first, total = said
    assert "ConnectionError: away" in str(first["exception"]) and first["capture"] == "c0"
    assert (total["event"], total["times"], total["level"], total["role"]) == ("a message was not kept", 999, "error", "web")
    assert (total["listener"], total["capture"]) == ("mx", "c999") and "exception" not in total and total["since"]


def test_what_differs_is_logged_each(capsys: pytest.CaptureFixture[str]) -> None:
    """Another event, kind of error, job, check or listener is another error; a sentence or an id is not."""
    log.set_up(Log(format="json"), "web")
    logger = log.get_logger()
    for fields in ({}, {"job": "seal"}, {"job": "index"}, {"check": "virus"}, {"error": "OSError"}, {"error": "DiskFull"}):
        logger.error("a job failed", **fields)
    logger.warning("a job failed")
    fail("a job failed", KeyError("x"))
    fail("a job failed", ValueError("x"))
    assert len(lines(capsys.readouterr().err)) == 9
    logger.error("a job failed", error="cannot read /a/1", capture="2")
    logger.error("a job failed", error="cannot read /a/2", capture="3")
    assert capsys.readouterr().err == ""


@pytest.mark.rule("P-29", "A security event is logged each time, however often it occurs.")
def test_security_events_and_what_is_no_error_are_never_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up(Log(format="json"), "web")
    for _ in range(50):
        log.get_logger().warning("an account acts unlike its owner: its mail waits", account="a", security=True)
        log.get_logger().info("a sign-in failed", account="a")
    said = lines(capsys.readouterr().err)
    assert [one["level"] for one in said] == ["warning", "info"] * 50
    assert all(one["security"] is True for one in said if one["level"] == "warning")


def test_a_sum_comes_once_a_minute_and_what_was_quiet_is_new_again() -> None:
    rated = Rated()
    assert rated.log("away") and not rated.log("away") and not rated.log("away", capture="7")
    rated.now = 59.9
    assert not rated.log("away") and not rated.sums
    rated.now = 60
    assert not rated.log("away", capture="8")
    assert [(level, fields["times"], fields.get("capture")) for level, fields in rated.sums] == [("error", 4, "8")]
    rated.now = 119
    rated.repeats.flush()
    assert len(rated.sums) == 1, "nothing came since"
    rated.now = 121
    assert rated.log("away"), "with its trace: it was well for a minute"


def test_sums_come_by_themselves(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the process logs nothing more."""
    monkeypatch.setattr(repeats, "SUMMED_EVERY", 0.05)
    summed = threading.Event()
    rated = Repeats(lambda level, fields: summed.set())
    assert [rated.is_repeat({"event": "away", "level": "error"}) for _ in range(3)] == [False, True, True]
    assert summed.wait(60)
    rated.close()


def test_the_end_of_a_process_leaves_no_sum_untold() -> None:
    """And a process that was forked counts for itself."""
    program = """
import os
from civicmail.core.config import log
from civicmail.core.config.settings import Log
log.set_up(Log(format="json"), "web")
for _ in range(3): log.get_logger().error("away")
if (child := os.fork()) == 0:
    log.get_logger().error("away")
    os._exit(0)
os.waitpid(child, 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(log.__file__).parents[3]), "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert [one.get("times") for one in lines(done.stderr)] == [None, None, 2]


def test_many_threads_lose_none_and_say_none_twice() -> None:
    """Logged and summed are together what was said."""
    rated = Rated()
    logged = [0] * 16
    start = threading.Barrier(16)

    def work(number: int) -> None:
        start.wait()
        for turn in range(2_000):
            logged[number] += rated.log(f"away {turn % 3}")
            if not turn % 500:
                rated.repeats.flush()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rated.repeats.flush()
    assert sum(logged) == 3
    assert sum(fields["times"] for _, fields in rated.sums) + 3 == 16 * 2_000


def test_kinds_of_errors_are_not_remembered_without_end() -> None:
    rated = Rated()
    for number in range(MAX_KINDS * 2):
        assert rated.log(f"event {number}") and not rated.log(f"event {number}")
    assert len(rated.sums) == MAX_KINDS, "each that was forgotten was summed"
