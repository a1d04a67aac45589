"""The played people as a process of their own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from civicmail.core.config.errors import CivicmailError
from civicmail.front.cli.atwork import AtWork


def test_people_at_work_say_what_they_did_when_the_day_ends(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And go when whoever began them does."""
    with AtWork(data, 60, 1) as desks:
        desks.begin(time.monotonic())
        desks.require_open()
        assert desks.end().done == {}
        with pytest.raises(CivicmailError, match="do not work any more"):
            desks.require_open()


def test_people_who_cannot_work_are_not_waited_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """R-1102."""
    with pytest.raises(CivicmailError, match="do not work any more"), AtWork(tmp_path / "nowhere", 60, 1):
        pass
    assert "nowhere" in capfd.readouterr().err
