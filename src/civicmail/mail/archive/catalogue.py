"""The catalogue of sealed captures: runs by month, looked up by capture id and by SHA-256 (docs/formats.md, "Catalogue").

The id contains its month, so an id or its prefix needs one month only; a SHA-256 needs all. The catalogue is derived: rebuild()
makes it from the record tables of the segments. Runs that a newer run replaces are not read and are removed later, so merging has
no step that a crash could interrupt.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive import run_merge
from civicmail.mail.archive.identity import received_of
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import month_of
from civicmail.mail.archive.runs import Entry, Run

RUNS_MOST = 8


def folder(data: Path) -> Path:
    return data / "catalogue"


class Catalogue:
    """A view of the runs that were there at refresh()."""

    def __init__(self, data: Path) -> None:
        self._top = folder(data)
        self._listed: dict[str, list[str]] = {}
        self._open: dict[tuple[str, str], Run] = {}
        self._live: dict[str, list[Run]] = {}
        self._hashes: list[tuple[memoryview, Run]] | None = None
        self._ignore = ""

    def refresh(self, ignore: str = "") -> None:
        """List the present runs. ignore: a run of this name belongs to a seal that was not committed."""
        self._ignore = ignore
        listed: dict[str, list[str]] = {}
        if self._top.is_dir():
            for place in sorted(p for p in self._top.iterdir() if p.is_dir()):
                if names := self._names(place, ignore):
                    listed[place.name] = names
        known = {(month, name) for month, names in listed.items() for name in names}
        self._open = {key: run for key, run in self._open.items() if key in known}
        self._live = {month: live for month, live in self._live.items() if listed.get(month) == self._listed.get(month)}
        if listed != self._listed:
            self._hashes = None
        self._listed = listed

    @property
    def months(self) -> list[str]:
        return list(self._listed)

    def runs(self, month: str) -> list[Run]:
        """The runs of a month that no other run replaces. Raises FileNotFoundError when one was merged since refresh()."""
        if month in self._live:
            return self._live[month]
        runs_of_month = []
        for name in self._listed.get(month, ()):
            run = self._open.get((month, name)) or Run(self._top / month / f"{name}.run")
            self._open[month, name] = run
            runs_of_month.append(run)
        replaced = frozenset().union(*(run.replaces for run in runs_of_month))
        self._live[month] = [run for run in runs_of_month if run.name not in replaced]
        return self._live[month]

    def runs_now(self, month: str) -> list[Run]:
        """The runs of a month; where one was merged since refresh(), those that are there by now."""
        try:
            return self.runs(month)
        except FileNotFoundError:
            self._listed[month] = self._names(self._top / month, self._ignore)
            self._live.pop(month, None)
            self._hashes = None
            return self.runs(month)

    @staticmethod
    def _names(place: Path, ignore: str) -> list[str]:
        return sorted(p.stem for p in place.glob("*.run") if not p.name.startswith(".") and p.stem != ignore)

    # -- lookups -----------------------------------------------------------------------------------------------------------

    def by_id(self, id_: bytes) -> list[Entry]:
        """Rows of a capture: where it is, and where events about it are that were sealed apart."""
        return [e for run in self.runs(month_of(received_of(id_))) for e in run.entries(id_, id_)]

    def by_id_prefix(self, digits: str) -> list[Place]:
        """Captures whose id begins with these hexadecimal digits, at least twelve, which state the time to the millisecond."""
        low, high = bytes.fromhex(digits.ljust(32, "0")), bytes.fromhex(digits.ljust(32, "f"))
        entries = [e for run in self.runs(month_of(received_of(low))) for e in run.entries(low, high)]
        return [Place(e.id, b"", e.where) for e in entries if not e.events]

    def by_hash_prefix(self, digits: str) -> list[Place]:
        """Captures whose SHA-256 may begin with these digits: only the first sixteen were compared."""
        low, high = int(digits[:16].ljust(16, "0"), 16), int(digits[:16].ljust(16, "f"), 16)
        if self._hashes is None:
            self._hashes = [(run.hashes, run) for month in self.months for run in self.runs(month) if run.captures]
        # Import calls this for every message, and nearly always the answer is no, which one bisection of each column shows.
        matching = [run for column, run in self._hashes if (i := bisect_left(column, low)) < len(column) and column[i] <= high]
        return [Place(e.id, b"", e.where) for run in matching for e in run.by_hash(low, high)]

    def between(self, low: bytes, high: bytes) -> Iterator[Entry]:
        """Rows whose capture ids lie from low to high, newest first; lazily, so runs may be merged meanwhile."""
        for month in reversed(self._months(low, high)):
            rows = (run.between(low, high) for run in self.runs_now(month))
            yield from heapq.merge(*rows, key=lambda entry: entry.id, reverse=True)

    def count_between(self, low: bytes, high: bytes) -> int:
        """Captures whose ids lie from low to high."""
        return sum(run.count_between(low, high) for month in self._months(low, high) for run in self.runs(month))

    def _months(self, low: bytes, high: bytes) -> list[str]:
        """The months of ids from low to high, ascending."""
        first, last = (_number(month_of(received_of(id_))) for id_ in (low, high))
        return sorted((month for month in self._listed if first <= _number(month) <= last), key=_number)

    def count(self) -> int:
        """Captures in all runs."""
        return sum(run.captures for month in self.months for run in self.runs(month))

    def each(self, months: list[str] | None = None, *, newest_first: bool = False) -> Iterator[Entry]:
        """Every row, or those of these months, ascending, in order of capture id. Iteration takes long, and runs may be merged
        meanwhile."""
        some = self.months if months is None else months
        for month in reversed(some) if newest_first else some:
            rows = (run.each(newest_first=newest_first) for run in self.runs_now(month))
            yield from heapq.merge(*rows, key=lambda entry: entry.id, reverse=newest_first)


def _number(month: str) -> int:
    """Months in order, in years of more than four digits, too."""
    year, _, of = month.partition("-")
    return int(year) * 12 + int(of)


def merge(data: Path, name: str, months: Iterable[str], files: Files = OS_FILES) -> int:
    """Merge the smallest runs of each of these months that has more than eight; return the number of merged months.

    Merged runs differ little in size, so that each row is rewritten only a few times in its life. name: of the new run. Only the
    holder of the lease `seal` may call this. It also removes the rest of an earlier, interrupted merge.
    """
    catalogue = Catalogue(data)
    catalogue.refresh()
    merged = 0
    for month in months:
        live = sorted(catalogue.runs(month), key=lambda run: run.rows)
        place = folder(data) / month
        if len(live) > RUNS_MOST:
            chosen, total = live[:2], live[0].rows + live[1].rows
            for run in live[2:]:
                if run.rows > 2 * total:
                    break
                chosen.append(run)
                total += run.rows
            for left in place.glob(".*"):  # by a merge that was cut short
                files.unlink(left)
            run_merge.merge(place / f"{name}.run", chosen, {run.name for run in chosen}, files)
            live = [run for run in live if run not in chosen]
            merged += 1
            kept = {run.name for run in live} | {name}
        else:
            kept = {run.name for run in live}
        replaced = [p for p in place.glob("*.run") if not p.name.startswith(".") and p.stem not in kept]
        for path in replaced:
            files.unlink(path)
        if replaced:
            files.sync_folder(place)
    return merged
