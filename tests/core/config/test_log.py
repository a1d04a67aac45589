"""The log: ids only, on stderr, for people or for machines."""

from __future__ import annotations

import io
import json
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
    assert trace[-1] == "ValueError: why"


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


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("I/O operation on closed file")])
def test_a_log_that_cannot_be_written_ends_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-24 (promise 6): its disk is full while mail is answered for."""

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
