"""The manual pages have every command and every setting, as the program has them (make release)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from civicmail.core.config import explain
from civicmail.front.cli import verbs
from house.sources import ROOT

SECONDS = 1_772_452_800


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("man")
    subprocess.run([sys.executable, ROOT / "tools" / "manpages.py", place, str(SECONDS)], check=True, cwd=ROOT)
    return {path.name: path.read_text() for path in place.rglob("*.*")}


def _plain(page: str) -> str:
    return page.replace("\\-", "-").replace("\\e", "\\")


def test_each_command_stands_in_the_page_of_commands(pages: dict[str, str]) -> None:
    named = set(re.findall(r"^\.B civicmail (.+)$", _plain(pages["civicmail.1"]), re.M))
    assert set(verbs.VERBS) <= named, sorted(set(verbs.VERBS) - named)


def test_each_setting_stands_in_the_page_of_settings(pages: dict[str, str]) -> None:
    named = set(re.findall(r"^\.B (\S+)$", _plain(pages["civicmail.toml.5"]), re.M))
    assert {setting.key for setting in explain.all_settings()} <= named


def test_the_pages_bear_the_day_of_the_release(pages: dict[str, str]) -> None:
    assert all("2026-03-02" in page.partition("\n")[0] for page in pages.values())


@pytest.mark.neighbour("mandoc")
def test_the_pages_are_good_roff(pages: dict[str, str], tmp_path: Path) -> None:
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
        done = subprocess.run(
            [shutil.which("mandoc") or "", "-T", "lint", "-W", "error", tmp_path / name], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:2000]
