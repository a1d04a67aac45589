"""Disk use of sealed mail, and read speed."""

from __future__ import annotations

import statistics
from pathlib import Path

from bench.corpus import maildir
from bench.processes import Cost, bytes_below, measured
from bench.report import Report, Row
from bench.scratch import scratch
from neighbours.civic import PROGRAM, civicmail

_KEPT = ("segments", "catalogue", "ledger", "keys", "outstanding", "journal")


def run(report: Report, *, count: int, rounds: int) -> None:
    """Real mail, imported, sealed, exported as one mbox. Blocks of the disk are counted, not bytes of files."""
    with scratch() as top:
        name, messages, size = maildir(top / "box", count)
        report.note(f"{messages} messages of {name}, {size / 1e6:.0f} MB, sealed")
        data = top / "data"
        civicmail("init", data=data)
        measured([PROGRAM, "import", str(top / "box"), "--data", str(data)])
        measured([PROGRAM, "tick", "--data", str(data)])
        add_sizes(report, "kept", data, size, real=True)
        costs = [_export(data, top / f"{n}.mbox") for n in range(rounds)]
        middle = sorted(costs, key=lambda c: c.wall)[len(costs) // 2]
        report.add(
            Row("kept", "civicmail export", "messages a second to mbox", messages / middle.wall, "/s", None, ">= 3,000/s"),
            Row("kept", "civicmail export", "CPU for a message", 1000 * middle.cpu / messages, "ms"),
            Row("kept", "civicmail export", "peak memory", middle.peak, "MiB"),
        )
        report.note(f"export: spread {statistics.pstdev([c.wall for c in costs]):.1f} s over {rounds} rounds")


def add_sizes(report: Report, part: str, data: Path, size: int, *, real: bool) -> None:
    """size: bytes of the messages. The goals are for real mail."""
    below = {name: bytes_below(data / name) for name in (*_KEPT, "index")}
    kept = sum(below[name] for name in _KEPT)
    report.add(
        Row(part, "civicmail", "kept, for each byte of mail", kept / size, "bytes", None, "<= 0.42" if real else ""),
        Row(part, "civicmail", "beside it the index", below["index"] / size, "bytes", None, "<= 0.12" if real else ""),
    )


def _export(data: Path, out: Path) -> Cost:
    cost = measured([PROGRAM, "export", "*", "--format", "mbox", "--out", str(out), "--data", str(data)])
    out.unlink()
    return cost
