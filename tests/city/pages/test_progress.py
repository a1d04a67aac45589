"""How far long work is (city/pages/progress.py); its page is tested with exports and replays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from civicmail.city.pages.page import Page
from civicmail.city.pages.progress import Progress


@pytest.mark.parametrize(("done", "total", "quarter"), [(0, 0, 0), (24, 100, 0), (25, 100, 1), (99, 100, 3), (100, 100, 4)])
def test_quarters_are_whole_ones(done: int, total: int, quarter: int) -> None:
    assert Progress("/", done, total, is_running=True).quarter == quarter


@pytest.mark.parametrize(
    ("progress", "title"),
    [
        (Progress("/", 42, 100, is_running=True), "42 % · Export 3 · Exports"),
        (Progress("/", 0, 0, is_running=True), "Export 3 · Exports"),
        (Progress("/", 100, 100, is_running=False), "Export 3 · Exports"),
    ],
)
def test_the_title_says_how_far_it_is(progress: Progress, title: str) -> None:
    """A tab in the background shows nothing else."""
    assert replace(Page("Export 3", "Exports"), percent=progress.percent).title == title
