"""A day of a city in half a minute: its mail, its hours, and what goes wrong (P-01, promise 1)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from neighbours.civic import PROGRAM


def test_a_day_is_lived_through_and_the_report_says_what_it_was_like(tmp_path: Path) -> None:
    report, data = tmp_path / "day.md", tmp_path / "data"
    command = [PROGRAM, "simulate", "day", "--minutes", "0.5", "--share", "0.002", "--data", str(data), "--report", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert report.exists(), done.stderr[-3000:]
    text = report.read_text()
    met = dict(re.findall(r"(?m)^\| (.+?) \| .* \| (met|missed)\s*\|$", text))
    kept = {goal: said for goal, said in met.items() if "2 s" not in goal and "5 s" not in goal and "minutes" not in goal}
    assert set(kept.values()) == {"met"} and len(kept) == 6, text
    offered = {way: int(n) for way, n in re.findall(r"(?m)^\| (among people of the city|from outside, junk) \| ([\d,]+) \|", text)}
    assert offered == {"among people of the city": 250, "from outside, junk": 131}
    assert "the disk is nearly full: is over" in text and "the next hop outside takes nothing: is over" in text
    assert int(re.findall(r"tried again: ([\d,]+) times", text)[0].replace(",", "")) > 0, (
        "nobody was told 250 while the disk was full"
    )
    assert not list(tmp_path.glob("*.ballast"))
