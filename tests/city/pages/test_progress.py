"""How far long work is (city/pages/progress.py); its page is tested with exports and replays."""

from __future__ import annotations

import pytest

from civicmail.city.pages.progress import Progress


@pytest.mark.parametrize(("done", "total", "quarter"), [(0, 0, 0), (24, 100, 0), (25, 100, 1), (99, 100, 3), (100, 100, 4)])
def test_quarters_are_whole_ones(done: int, total: int, quarter: int) -> None:
    assert Progress("/", done, total, is_running=True).quarter == quarter
