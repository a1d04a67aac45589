"""`make bench`: all parts, or those named; `--small` for a look in two minutes."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the scratch Postfix and the tools of the stories

from bench import accepting, large, searchable  # noqa: E402
from bench.report import Report, machine  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], "import", "accept", "large"], help="only these (default: all)")
    parser.add_argument("--small", action="store_true", help="few messages, one round: figures that show only that it works")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results", help="folder for report.txt and report.json")
    asked = parser.parse_args()
    parts = asked.parts or ["import", "accept", "large"]
    report = Report()
    print(machine(), flush=True)
    if "import" in parts:
        searchable.run(report, count=1000 if asked.small else 20_000, rounds=1 if asked.small else 3)
    if "accept" in parts:
        if shutil.which("smtp-source", path="/usr/sbin:/usr/bin"):
            accepting.run(report, count=2000 if asked.small else 20_000, sessions=50, size=5000, rounds=1 if asked.small else 3)
        else:
            report.note("accept is left out: smtp-source is not here (make neighbours)")
    if "large" in parts:
        large.run(report, messages=5 if asked.small else 50, size=25_000_000)
    report.save(asked.out)
    print(f"Kept in {asked.out}")


if __name__ == "__main__":
    main()
