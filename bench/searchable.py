"""From files to searchable: `civicmail import`, `notmuch new` and `mu index` on one Maildir."""

from __future__ import annotations

import shutil
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import corpus, files
from bench.processes import Cost, bytes_below, measured
from bench.report import Report, Row
from bench.scratch import scratch
from neighbours.civic import PROGRAM, answer, civicmail

_NOTMUCH = "[database]\npath={box}\n[user]\nname=x\nprimary_email=x@city.example\n[new]\ntags=\n[search]\nexclude_tags=\n"


Fill = Callable[[Path, int], tuple[str, int, int]]
"""Folder and number of messages -> what mail it is, how many messages, how many bytes."""


@dataclass(frozen=True, slots=True)
class Work:
    """A part of the report, the mail that it imports, and how much faster than notmuch and mu we want to be."""

    part: str
    fill: Fill
    notmuch: str
    mu: str


LISTS = Work("import", corpus.maildir, "8 x", "5 x")
FILES = Work("attached", files.maildir, "5 x", "2.5 x")


def run(report: Report, work: Work, *, count: int, rounds: int) -> None:
    """Ours is the median of the rounds, start-up of the program included; peers run once each, and read no attachments."""
    with scratch() as top:
        box = top / "box"
        name, messages, size = work.fill(box, count)
        report.note(f"{messages} messages of {name}, {size / 1e6:.0f} MB, mean {size / messages / 1000:.1f} kB")
        costs = []
        for n in range(rounds):
            data = top / f"data{n}"
            costs.append(_ours(data, box, messages))
            if n == rounds - 1:  # no round is removed before the last one: ext4 is slow to make files where many have just gone
                _sizes(report, work.part, data, size)
        ours = sorted(costs, key=lambda c: c.wall)[len(costs) // 2]
        report.add(*_rows(work.part, "civicmail import", messages, ours, None))
        report.note(
            "rounds: "
            + ", ".join(f"{c.wall:.1f} s" for c in costs)
            + f", spread {statistics.pstdev([c.wall for c in costs]):.1f} s"
        )
        if shutil.which("notmuch"):
            cost = _notmuch(top, box)
            index = bytes_below(box / ".notmuch") / size
            report.add(*_rows(work.part, "notmuch new", messages, cost, ours, work.notmuch, index))
            shutil.rmtree(box / ".notmuch")
        if shutil.which("mu"):
            cost = _mu(top, box)
            report.add(*_rows(work.part, "mu index", messages, cost, ours, work.mu, bytes_below(top / "mu") / size))


def _ours(data: Path, box: Path, messages: int) -> Cost:
    civicmail("init", data=data)
    cost = measured([PROGRAM, "import", str(box), "--data", str(data)])
    result = answer("search", "the", "--count", data=data)
    assert result["searchable"] >= 0.99 * messages, result
    return cost


def _sizes(report: Report, part: str, data: Path, size: int) -> None:
    report.add(
        Row(part, "civicmail import", "kept in all, for each byte of mail", bytes_below(data) / size, "bytes"),
        Row(part, "civicmail import", "of it the index", bytes_below(data / "index") / size, "bytes", None, "<= 0.12"),
    )


def _notmuch(top: Path, box: Path) -> Cost:
    config = top / "notmuch.cfg"
    config.write_text(_NOTMUCH.format(box=box))
    return measured(["notmuch", "--config", str(config), "new", "--quiet"])


def _mu(top: Path, box: Path) -> Cost:
    home = str(top / "mu")
    subprocess.run(["mu", "init", "--muhome", home, "--maildir", str(box)], check=True, capture_output=True)
    return measured(["mu", "index", "--muhome", home, "--quiet"])


def _rows(part: str, who: str, messages: int, cost: Cost, ours: Cost | None, target: str = "", index: float = 0) -> list[Row]:
    rows = [
        Row(part, who, "until searchable", cost.wall, "s", cost.wall / ours.wall if ours else None, target),
        Row(part, who, "messages a second", messages / cost.wall, "/s"),
        Row(part, who, "CPU for a message", 1000 * cost.cpu / messages, "ms", cost.cpu / ours.cpu if ours else None),
        Row(part, who, "peak memory", cost.peak, "MiB"),
    ]
    return rows + ([Row(part, who, "index, for each byte of mail", index, "bytes")] if index else [])
