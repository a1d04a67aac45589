"""A word in every wrapping that mail comes in is found with the program, after one import (issue 3, acceptance 2; P-24)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from civicmail.front.cli.main import run
from mail.importers import planted


def test_words_in_every_wrapping_of_mail_are_found(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    data = str(tmp_path / "data")
    planted.lay(tmp_path / "in")
    assert run(["init", "--data", data]) == 0
    capfdbinary.readouterr()
    assert run(["import", str(tmp_path / "in"), "--data", data, "--json", "--journal"]) == 0
    totals = json.loads(capfdbinary.readouterr().out)
    assert (totals["failed"], totals["known"]) == (0, 0)
    asked = planted.queries()
    found = {}
    for place, query in asked.items():
        run(["search", query, "--count", "--json", "--data", data])
        said = json.loads(capfdbinary.readouterr().out)
        found[place] = said["count"]
        assert said["unreadable"] == 0
    assert len(asked) == len(set(asked.values())) >= 50
    assert found == dict.fromkeys(asked, 1)
