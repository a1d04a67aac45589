"""The file of people may be lost; its copy must not follow it (P-23)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from civicmail.city.access.saved import DATABASE, SAVED
from front.cli.office import Office


def claim(data: Path) -> subprocess.CompletedProcess[str]:
    words = [
        "access",
        "claim",
        "--uid",
        "1",
        "--given",
        "Ana",
        "--family",
        "Ruiz",
        "--department",
        "it=IT",
        "--reason",
        "the first officer of the city",
        "--data",
    ]
    command = [sys.executable, "-m", "civicmail.front.cli.main", *words, str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_lost_file_of_people_is_not_made_anew_while_its_copy_is_there(tmp_path: Path) -> None:
    """R-1267: an empty one would be published, every mailbox would be gone, and the copy would be made of that."""
    data = Office(tmp_path / "data").data
    (data / SAVED).write_bytes(b"people")
    done = claim(data)
    assert done.returncode == 3 and f"mv {data / SAVED} {data / DATABASE}" in done.stderr
    assert not (data / DATABASE).exists() or not (data / DATABASE).stat().st_size
    (data / SAVED).unlink()
    assert claim(data).returncode == 0
