"""`civicmail demo --once`: the first thing a newcomer runs (acceptance 1)."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from neighbours.civic import PROGRAM


def test_the_demo_ends_by_itself_and_every_promise_held(tmp_path: Path) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [PROGRAM, "demo", "--once", "--data", str(tmp_path / "data")], capture_output=True, text=True, timeout=100
    )
    took = time.monotonic() - began
    log = tmp_path / "data" / "run.log"
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:] + (log.read_text()[-2000:] if log.exists() else "")
    assert took < 30
    said = dict(re.findall(r"(?m)^(Sent|Archived|Delivered|Found|Verified) +(.*)$", done.stdout))
    assert int(said["Sent"].split()[0]) >= 30
    assert said["Verified"].endswith(" 0 problems")
    assert re.search(r"(?m)^search .*: [1-9]\d* of \d+ in \d+ ms$", done.stdout), "something was found while mail was flowing"
    assert len(list((tmp_path / "data" / "maildir" / "city.example").iterdir())) > 10


def test_the_demo_wants_a_folder_of_its_own(data: Path) -> None:
    done = subprocess.run([PROGRAM, "demo", "--once", "--data", str(data)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "is an installation already" in done.stderr
