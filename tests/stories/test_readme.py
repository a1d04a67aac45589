"""The README's commands work as they stand there."""

from __future__ import annotations

import re
import shlex
import subprocess
from itertools import islice
from pathlib import Path

from civicmail.front.sample.mail import messages
from neighbours.civic import PROGRAM

ROOT = Path(__file__).parents[2]


def test_the_commands_of_the_readme_work_one_after_the_other(tmp_path: Path) -> None:
    box = tmp_path / "Maildir" / "cur"
    box.mkdir(parents=True)
    for number, posting in enumerate(islice(messages(1), 60)):
        (box / f"{number}.readme:2,S").write_bytes(posting.content)
    lines = re.findall(r"(?m)^\.venv/bin/civicmail (.*)$", (ROOT / "README.md").read_text())
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line, comments=True)
        words = [str(tmp_path / "data") if w == "/srv/civicmail" else str(box.parent) if w == "~/Maildir" else w for w in words]
        if words[0] == "run":
            words.insert(1, "--help")
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stdout[-500:], done.stderr[-1000:])
