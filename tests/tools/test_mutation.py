"""What `make mutation` plays lies where tools/mutation.py says, and mutmut finds its settings."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from house.sources import PACKAGE, ROOT
from tools import mutation


@pytest.mark.parametrize("name", mutation.PARTS)
def test_the_files_and_tests_of_a_part_are_there(name: str) -> None:
    part = mutation.PARTS[name]
    assert all(list(PACKAGE.glob(pattern)) for pattern in part.files)
    places = [ROOT / "tests" / path for path in part.tests]
    files = [[place] if place.is_file() else list(place.glob("test_*.py")) for place in places]
    assert all(files)
    text = "".join(path.read_text() for some in files for path in some)
    assert all(test in text for test in part.but)


def test_a_part_is_played_on_copies_with_settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutation, "PLACE", tmp_path)
    folder = mutation.prepare("query")
    assert mutation.prepare("query") == folder, "a second run goes on"
    settings = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]
    assert settings["mutmut"]["only_mutate"] == ["src/civicmail/core/query/*"]
    assert settings["pytest"]["ini_options"]["testpaths"] == ["tests"]
    assert (folder / "src/civicmail").is_dir() and not (folder / "mutants").exists()


def test_the_score_counts_what_was_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "query/mutants").mkdir(parents=True)
    counts = '{"killed": 60, "timeout": 3, "survived": 20, "suspicious": 1, "total": 100}'
    (tmp_path / "query/mutants/mutmut-cicd-stats.json").write_text(counts)
    monkeypatch.setattr(mutation.subprocess, "run", lambda *_, **__: None)
    assert mutation.score(tmp_path / "query") == "query: 75.0 % of 84 played changes are noticed (16 of 100 not played)"
