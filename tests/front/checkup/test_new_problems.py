"""A standing problem is told once, and then daily (P-15)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.front.checkup import new_problems
from civicmail.front.checkup.findings import HOUR, Finding
from front.cli.office import Office

NOW = 1_772_452_800_000
DISK, KEYS = Finding("disk", "problem", "It is full.", "Make room."), Finding("keys", "problem", "They are gone.", "Look.")


@pytest.mark.rule("P-15", "A continuing problem is reported once, and then once a day.")
def test_a_standing_problem_is_told_once_and_then_daily() -> None:
    new, over, told = new_problems.split([DISK, Finding("clock", "warning", "It is late.", "Set it.")], {}, NOW)
    assert (new, over, told) == ([DISK], [], {"disk": NOW})
    new, over, told = new_problems.split([DISK, KEYS], told, NOW + HOUR)
    assert (new, told) == ([KEYS], {"disk": NOW, "keys": NOW + HOUR})
    new, over, told = new_problems.split([DISK], told, NOW + 24 * HOUR)
    assert (new, over, told) == ([DISK], ["keys"], {"disk": NOW + 24 * HOUR})
    assert new_problems.split([KEYS], told, NOW + 25 * HOUR)[0] == [KEYS], "it is new again"
    assert new_problems.split([DISK], told, NOW)[0] == [DISK], "a clock that was set back keeps nobody silent"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"disk": "x"}', b"{"])
def test_what_cannot_be_read_of_the_last_look_tells_all(tmp_path: Path, content: bytes) -> None:
    new_problems.write(tmp_path, {"disk": NOW})
    assert new_problems.read(tmp_path) == {"disk": NOW}
    new_problems.file(tmp_path).write_bytes(content)
    assert new_problems.read(tmp_path) == {}


def test_the_alarm_is_red_for_news_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The unit fails, and mails, once."""
    office = Office(tmp_path / "data")
    (office.data / "keys" / "ledger.key").chmod(0o644)
    assert office.run("doctor", "--news") == 1
    assert "PROBLEM    keys:" in capsys.readouterr().out
    assert office.run("doctor", "--news") == 0
    assert capsys.readouterr().out == ""
    (office.data / "keys" / "ledger.key").chmod(0o600)
    assert office.run("doctor", "--news") == 0
    assert "keys: The problem is over." in capsys.readouterr().out
