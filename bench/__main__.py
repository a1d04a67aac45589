"""`make bench`: all parts, or those named; `--small` for a look in two minutes."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the scratch Postfix and the tools of the stories

from bench import accepting, growth, kept, lag, large, searchable  # noqa: E402
from bench.report import Report, machine  # noqa: E402

PARTS = ("import", "attached", "accept", "kept", "growth", "lag", "large")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="only these (default: all)")
    parser.add_argument("--small", action="store_true", help="few messages, one round: figures that show only that it works")
    parser.add_argument("--messages", type=int, default=500_000, help="of the part growth (default: 500,000)")
    parser.add_argument("--seconds", type=int, default=600, help="of the part lag (default: 600)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results", help="folder for report.txt and report.json")
    asked = parser.parse_args()
    report = Report()
    print(machine(), flush=True)
    for part in asked.parts or PARTS:
        _run(part, report, asked, rounds=1 if asked.small else 3)
    report.save(asked.out)
    print(f"Kept in {asked.out}")


def _run(part: str, report: Report, asked: argparse.Namespace, *, rounds: int) -> None:
    small: bool = asked.small
    match part:
        case "import":
            searchable.run(report, searchable.LISTS, count=1000 if small else 20_000, rounds=rounds)
        case "attached":
            searchable.run(report, searchable.FILES, count=200 if small else 5000, rounds=rounds)
        case "accept" if not shutil.which("smtp-source", path="/usr/sbin:/usr/bin"):
            report.note("accept is left out: smtp-source is not here (make neighbours)")
        case "accept":
            for size in (5000, 60_000):
                accepting.run(report, count=2000 if small else 20_000, sessions=50, size=size, rounds=rounds)
        case "kept":
            kept.run(report, count=1000 if small else 20_000, rounds=rounds)
        case "growth":
            total = 4000 if small else asked.messages
            growth.run(report, total=total, slice_=min(50_000, total // 2))
        case "lag":
            lag.run(report, a_second=100 if small else 300, seconds=5 if small else asked.seconds)
        case _:
            large.run(report, messages=5 if small else 50, size=25_000_000)


if __name__ == "__main__":
    main()
