"""The log: ids only, on stderr, for people or for machines."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from civicmail.core.config import log
from civicmail.core.config.settings import Log


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    was = structlog.get_config() if structlog.is_configured() else None
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()
    if was:
        structlog.configure(**was)


def test_what_could_be_content_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up(Log(format="json"), "worker mail")
    log.get_logger().info("kept", capture=b"\x01\x02", subject="secret", recipient="a@city.example", number=3)
    said = json.loads(capsys.readouterr().err)
    assert said["capture"] == "0102"
    assert (said["subject"], said["recipient"], said["number"], said["role"]) == ("-", "-", 3, "worker mail")


def test_a_line_for_people_says_when_how_grave_who_and_what(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up(Log(), "run")
    try:
        raise ValueError("why")
    except ValueError:
        log.get_logger().exception("it went wrong", child="gateway 1")
    first, *trace = capsys.readouterr().err.splitlines()
    assert first.endswith("error   run: it went wrong child=gateway 1")
    assert trace[-1] == "| ValueError: why"


@pytest.mark.rule("P-16", "Input never forges a line of the log, or a value of one.")
@pytest.mark.parametrize("mark", ["\n", "\r", "\x1b[2K\x1b[1A", "\x85", "\u2028", "\u202e", "\x00", "\ud800"], ids=ascii)
def test_nobody_writes_a_line_of_the_log_by_what_they_send(capsys: pytest.CaptureFixture[str], mark: str) -> None:
    """CWE-117: for people and for machines; what is sent stays one value of one line."""
    forged = f"x{mark}2026-11-30T00:00:00Z info    web: a sign-in person=p-mayor"
    for form in ("text", "json"):
        log.set_up(Log(format=form), "web")
        try:
            raise ValueError(forged)
        except ValueError:
            log.get_logger().exception(forged, reason=forged, level_of="y")
    said = capsys.readouterr().err
    lines = said.splitlines()
    assert mark not in said.replace("\n", "") if mark != "\n" else True
    assert len([line for line in lines if line.startswith("2026-11-30T00:00:00Z")]) == 0
    assert sum(": a sign-in person=p-mayor" in line and line.startswith("20") for line in lines) == 1, (
        "within the line of its event"
    )
    assert json.loads(lines[-1])["reason"] == forged


def test_a_value_is_not_taken_for_two(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up(Log(), "web")
    log.get_logger().info("refused", error="x person=p-mayor", place='say "no"', client="::1")
    assert capsys.readouterr().err.rstrip().endswith('error="x person=p-mayor" place="say \\"no\\"" client=::1')


def test_what_a_library_logs_is_one_line_without_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    """I4: their words repeat what came in: addresses, headers, answers of other servers."""
    log.set_up(Log(format="json"), "web")
    logging.getLogger("somebody.elses").error("Invalid header: %r", "canary\nforged")
    said = json.loads(capsys.readouterr().err)
    assert (said["library"], said["level"], said["event"]) == ("somebody.elses", "error", "a library says something")
    assert "canary" not in str(said)


def test_every_line_says_its_time_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("text", "json"):
        log.set_up(Log(format=form), "web")
        log.get_logger().info("now")
    text, machine = capsys.readouterr().err.splitlines()
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
    assert re.match(f"{shape} info", text) and re.fullmatch(shape, json.loads(machine)["timestamp"])


def test_less_than_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.set_up(Log(level="error"), "run")
    log.get_logger().warning("quiet")
    assert capsys.readouterr().err == ""


def test_without_set_up_warnings_go_to_stderr_and_nothing_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    logger = log.get_logger()
    logger.info("quiet")
    logger.warning("heard")
    said = capsys.readouterr()
    assert "heard" in said.err
    assert "quiet" not in said.err
    assert said.out == ""


def test_a_log_that_was_reset_goes_to_stderr_too(capsys: pytest.CaptureFixture[str]) -> None:
    logger = log.get_logger()
    logger.warning("before")
    structlog.reset_defaults()
    logger.warning("after")
    said = capsys.readouterr()
    assert "before" in said.err
    assert "after" in said.err
    assert said.out == ""


def test_nobody_else_asks_structlog_for_a_logger() -> None:
    """Its default prints on stdout, where the answers of commands stand."""
    package = Path(log.__file__).parents[2]
    asks = {path.name for path in package.rglob("*.py") if "structlog" in path.read_text()}
    assert asks == {"log.py"}


@pytest.mark.rule("P-03, promise 6", "A log that cannot be written prevents no answer.")
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("I/O operation on closed file")])
def test_a_log_that_cannot_be_written_ends_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 6: its disk is full while mail is answered for."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise error

    monkeypatch.setattr(sys, "stderr", Full())
    log.set_up(Log(level="info"), "test")
    went_on = False
    with suppress(OSError, ValueError):
        log.get_logger().error("the disk is full")
        went_on = True
    assert went_on
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    log.get_logger().warning("it goes on")
    assert "it goes on" in said.getvalue()
