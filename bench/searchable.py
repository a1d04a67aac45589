"""From files to searchable: `civicmail import` against `notmuch new` and `mu index` on the same Maildir."""

from __future__ import annotations

import shutil
import statistics
import subprocess
from pathlib import Path

from bench.corpus import maildir
from bench.processes import Cost, bytes_below, measured
from bench.report import Report, Row
from bench.scratch import scratch
from neighbours.civic import PROGRAM, answer, civicmail

_NOTMUCH = "[database]\npath={box}\n[user]\nname=x\nprimary_email=x@city.example\n[new]\ntags=\n[search]\nexclude_tags=\n"


def run(report: Report, *, count: int, rounds: int) -> None:
    """Ours is the median of the rounds, start-up of the program included; peers run once each."""
    with scratch() as top:
        box = top / "box"
        name, messages, size = maildir(box, count)
        report.note(f"{messages} messages of {name}, {size / 1e6:.0f} MB, mean {size / messages / 1000:.1f} kB")
        costs = [_ours(top, box, n, messages, size, report if n == rounds - 1 else None) for n in range(rounds)]
        ours = sorted(costs, key=lambda c: c.wall)[len(costs) // 2]
        report.add(*_rows("civicmail import", messages, ours, None))
        report.note(
            "rounds: "
            + ", ".join(f"{c.wall:.1f} s" for c in costs)
            + f", spread {statistics.pstdev([c.wall for c in costs]):.1f} s"
        )
        if shutil.which("notmuch"):
            report.add(*_rows("notmuch new", messages, _notmuch(top, box), ours, "8 x", bytes_below(box / ".notmuch") / size))
            shutil.rmtree(box / ".notmuch")
        if shutil.which("mu"):
            report.add(*_rows("mu index", messages, _mu(top, box), ours, "5 x", bytes_below(top / "mu") / size))


def _ours(top: Path, box: Path, number: int, messages: int, size: int, report: Report | None) -> Cost:
    data = top / f"data{number}"
    civicmail("init", data=data)
    cost = measured([PROGRAM, "import", str(box), "--data", str(data)])
    found = answer("search", "the", "--count", data=data)
    assert found["searchable"] >= 0.99 * messages, found
    if report:
        kept = bytes_below(data)
        report.add(
            Row("import", "civicmail import", "kept in all, for each byte of mail", kept / size, "bytes"),
            Row("import", "civicmail import", "of it the index", bytes_below(data / "index") / size, "bytes"),
        )
    shutil.rmtree(data)
    return cost


def _notmuch(top: Path, box: Path) -> Cost:
    config = top / "notmuch.cfg"
    config.write_text(_NOTMUCH.format(box=box))
    return measured(["notmuch", "--config", str(config), "new", "--quiet"])


def _mu(top: Path, box: Path) -> Cost:
    home = str(top / "mu")
    subprocess.run(["mu", "init", "--muhome", home, "--maildir", str(box)], check=True, capture_output=True)
    return measured(["mu", "index", "--muhome", home, "--quiet"])


def _rows(who: str, messages: int, cost: Cost, ours: Cost | None, wanted: str = "", index: float = 0) -> list[Row]:
    rows = [
        Row("import", who, "until searchable", cost.wall, "s", cost.wall / ours.wall if ours else None, wanted),
        Row("import", who, "messages a second", messages / cost.wall, "/s"),
        Row("import", who, "CPU for a message", 1000 * cost.cpu / messages, "ms", cost.cpu / ours.cpu if ours else None),
        Row("import", who, "peak memory", cost.peak, "MiB"),
    ]
    return rows + ([Row("import", who, "index, for each byte of mail", index, "bytes")] if index else [])
