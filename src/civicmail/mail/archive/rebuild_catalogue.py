"""Rebuild the catalogue from the record tables of the segments. All of it is derived."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.lease import Patience
from civicmail.mail.archive import catalogue, run_merge, runs, segments
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.runs import Run
from civicmail.mail.archive.seal import Sealer, new_batch
from civicmail.mail.archive.segments import Segment

PART_ROWS = 250_000  # in memory at a time
Progress = Callable[[int], None]


def rebuild(
    data: Path, *, now: int, files: Files = OS_FILES, progress: Progress | None = None, patience: Patience | None = None
) -> list[str]:
    """Write one run for each month; return sentences about unreadable segments, whose old rows are kept. Takes the lease `seal`;
    raises LeaseHeld, KeyMissing. now: ms. progress: called with the number of segments read."""
    problems: list[str] = []
    with Sealer(data, files, patience) as sealer:
        sealer.finish()
        keyring = Keyring(data)
        by_month: dict[str, list[tuple[str, str]]] = {}
        for class_, month, name in segments.listed(data):
            by_month.setdefault(month, []).append((class_, name))
        top = catalogue.folder(data)
        months = set(by_month) | ({p.name for p in top.iterdir() if p.is_dir()} if top.is_dir() else set())
        done = 0
        for month in sorted(months):
            _month(data, month, by_month.get(month, []), new_batch(now), keyring, files, problems)
            done += len(by_month.get(month, []))
            if progress is not None:
                progress(done)
    return problems


def _month(
    data: Path, month: str, names: list[tuple[str, str]], run: str, keyring: Keyring, files: Files, problems: list[str]
) -> None:
    rows: list[bytes] = []
    parts: list[Run] = []
    place = catalogue.folder(data) / month
    before = [p for p in place.glob("*.run") if not p.name.startswith(".")] if place.is_dir() else []
    left = list(place.glob(".*"))  # by one that was cut short
    for number, (class_, name) in enumerate(names):
        try:
            segment = Segment(segments.path_of(data, class_, month, name), name, keyring.open(name))
            rows += runs.rows_of(number, segment.rows())
            segment.close()
        except (DamagedFile, KeyMissing) as error:
            problems.append(str(error))
            rows += _old_rows(before, (class_, name), number)
        if len(rows) >= PART_ROWS:
            parts.append(_part(place / f".{run}.{number}", rows, names, files))
            rows = []
    replaces = {p.stem for p in before}
    if parts:
        parts.append(_part(place / f".{run}.last", rows, names, files))
        run_merge.merge(place / f"{run}.run", parts, replaces, files)
    elif names:
        files.make_folder(place)
        files.replace(place / f"{run}.run", runs.encode(rows, names, replaces))
    for path in before + left + [part.path for part in parts]:
        files.unlink(path)


def _part(path: Path, rows: list[bytes], names: list[tuple[str, str]], files: Files) -> Run:
    """Some rows of a large month, stored as a private run."""
    files.make_folder(path.parent)
    files.replace(path, runs.encode(rows, names))
    return Run(path)


def _old_rows(before: list[Path], segment: tuple[str, str], number: int) -> list[bytes]:
    """Rows about a segment from the readable old runs."""
    rows: list[bytes] = []
    for path in before:
        try:
            run = Run(path)
            run.check()
        except DamagedFile:
            continue
        if segment in run.segments:
            mine = run.segments.index(segment)
            numbers = {other: number if at == mine else runs.EVENTS - 1 for at, other in enumerate(run.segments)}
            rows += [row for row in run.sorted_rows(numbers) if runs.segment_of(row) == number]
    return rows
