"""A merged run says what its parts say, byte for byte as if it had been made at once, and needs little memory for that."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.archive import run_merge, runs
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.runs import Run
from civicmail.mail.archive.segments import Row
from mail.archive.making import UNSYNCED


def row(type_: Type, id_: int, frame: int, offset: int) -> Row:
    """What stands at one place is always the same."""
    return Row(type_, "0001", 1, bytes([id_]) * 16, bytes([(id_ + frame) % 4]) * 32, frame, offset)


ROW = st.builds(row, st.sampled_from([Type.RECEIPT, Type.DELIVERED]), st.integers(1, 5), st.integers(0, 2), st.integers(0, 2))
PART = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.lists(ROW, max_size=6), min_size=1)


@pytest.mark.parametrize("block", [1, 3, 1 << 14])
@settings(max_examples=25)
@given(parts=st.lists(PART, min_size=1, max_size=4))
def test_it_is_the_run_that_would_have_been_made_at_once(
    parts: list[dict[str, list[Row]]], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("2026-03")
    made = []
    for n, part in enumerate(parts):
        rows = itertools.chain.from_iterable(runs.rows_of(at, some) for at, some in enumerate(part.values()))
        path = place / f"{n}.run"
        path.write_bytes(runs.encode(rows, [("mail", name) for name in part]))
        made.append(Run(path))
    numbers: dict[tuple[str, str], int] = {}
    for run in made:
        for segment in run.segments:
            numbers.setdefault(segment, len(numbers))
    expected = runs.encode(
        itertools.chain.from_iterable(run.sorted_rows(numbers) for run in made), list(numbers), {run.name for run in made}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_merge, "BLOCK", block)
        run_merge.merge(place / "merged.run", made, {run.name for run in made}, UNSYNCED)
    assert (place / "merged.run").read_bytes() == expected
    Run(place / "merged.run").check()
    assert sorted(p.name for p in place.iterdir()) == sorted([*(run.path.name for run in made), "merged.run"])


MANY = 1_000_000
PROGRAM = """
import sys
from pathlib import Path
from civicmail.mail.archive import run_merge
from civicmail.mail.archive.runs import Run
place = Path(sys.argv[1])
sources = [Run(path) for path in sorted(place.glob("part*"))]
run_merge.merge(place / "merged.run", sources, [])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def test_a_month_of_a_million_captures_is_merged_in_little_memory(tmp_path: Path) -> None:
    for n in range(4):
        rows = (runs._SORTED.pack(os.urandom(16), 0, k % 60, k, 0, k * 7919 % 65537) for k in range(MANY // 4))
        (tmp_path / f"part{n}").write_bytes(runs.encode(rows, [("mail", f"segment {n}")]))
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, check=True, text=True)
    assert int(done.stdout) < 200 * 1024, "KiB"
    merged = Run(tmp_path / "merged.run")
    assert (merged.rows, merged.captures) == (MANY, MANY)
    merged.check()
