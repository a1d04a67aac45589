"""Gateways live by what was published of people; doctor says how old that is (P-15, promise 6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from civicmail.city.snapshot.published_snapshot import alive_path, mark_database_alive, publish, snapshot_path
from civicmail.core.config.settings import Settings
from civicmail.front.checkup import snapshot
from civicmail.front.checkup.findings import MINUTE, Installation
from mail.gateway.town import city

NOW = 1_772_452_800_000


@pytest.fixture
def claimed(tmp_path: Path) -> Path:
    """Published long ago; the database answered now."""
    (tmp_path / "claimed").touch()
    publish(tmp_path, replace(city(), at=NOW - 600 * MINUTE))
    mark_database_alive(tmp_path, NOW)
    return tmp_path


def told(data: Path, now: int) -> str:
    (finding,) = snapshot.snapshot(Installation(data, Settings(), now))
    return f"{finding.level}: {finding.text}"


@pytest.mark.rule(
    "P-15, promise 6",
    "A database that has not answered for a minute is a problem of doctor before submission closes.",
)
def test_a_database_that_does_not_answer_is_a_problem_after_a_minute(claimed: Path) -> None:
    """Before submission closes."""
    assert told(claimed, NOW + MINUTE).startswith("ok")
    assert told(claimed, NOW + MINUTE + 1).startswith("problem") and "nobody sends" in told(claimed, NOW + 2 * MINUTE)
    alive_path(claimed).unlink()
    assert told(claimed, NOW).startswith("problem")


def test_what_cannot_be_read_lets_nobody_send(claimed: Path) -> None:
    snapshot_path(claimed).write_bytes(b"{")
    assert told(claimed, NOW).startswith("problem: Gateways do not know")


def test_before_anybody_has_a_mailbox_nothing_is_said(tmp_path: Path) -> None:
    assert not list(snapshot.snapshot(Installation(tmp_path, Settings(), NOW)))
    (tmp_path / "claimed").touch()
    assert not list(snapshot.snapshot(Installation(tmp_path, Settings(), NOW)))
