"""`make bench`: all parts, or those named; `--small` takes two minutes."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
os.environ.setdefault("CIVICMAIL__SCREENING__CHECKS", "[]")  # parts about screening name their checks
sys.path.insert(0, str(ROOT / "tests"))  # the scratch Postfix and the tools of the stories

from bench import (  # noqa: E402 - from the folder that was just named
    accepting,
    authenticated,
    confidential,
    doubted,
    exported,
    growth,
    inspected,
    kept,
    kinds,
    lag,
    large,
    lookalikes,
    mailbox,
    people,
    phishing,
    pretended,
    provisioned,
    redacted,
    released,
    replay,
    reviews,
    screened,
    searchable,
    sent,
    spam,
)
from bench.report import Report, machine  # noqa: E402

PARTS = (
    "import", "attached", "accept", "kept", "growth", "lag", "large", "people", "mailbox", "exported", "replay", "spam",
    "authenticated", "confidential", "lookalikes", "doubted", "inspected", "screened", "steady",
    "scim", "reviews", "sent", "phishing", "kinds", "pretended", "redacted", "released",
)  # fmt: skip


GROUPS = {
    "issue6": ("spam", "confidential", "authenticated", "lookalikes", "inspected", "screened", "replay", "steady"),
}
"""Several parts by one name: the table of one subject in one run."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, *GROUPS], help="only these, or a group of them (default: all)")
    parser.add_argument("--small", action="store_true", help="few messages, one round: figures that show only that it works")
    parser.add_argument("--messages", type=int, default=500_000, help="of the part growth (default: 500,000)")
    parser.add_argument("--seconds", type=int, default=600, help="of the parts lag and steady (default: 600)")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results", help="folder for report.txt and report.json")
    arguments = parser.parse_args()
    report = Report()
    print(machine(), flush=True)
    for part in dict.fromkeys(part for name in arguments.parts or PARTS for part in GROUPS.get(name, (name,))):
        _run(part, report, arguments, rounds=1 if arguments.small else 3)
    report.save(arguments.out)
    print(f"Kept in {arguments.out}")


def _run(part: str, report: Report, arguments: argparse.Namespace, *, rounds: int) -> None:
    small: bool = arguments.small
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
            total = 4000 if small else arguments.messages
            growth.run(report, total=total, slice_=min(50_000, total // 2))
        case "lag":
            lag.run(report, a_second=100 if small else 300, seconds=5 if small else arguments.seconds)
        case "people":
            people.run(report, people=600, requests=4) if small else people.run(report)
        case "reviews":
            reviews.run(report, people=600) if small else reviews.run(report)
        case "sent":
            sent.run(report, messages=4) if small else sent.run(report)
        case "scim":
            provisioned.run(report, people=600, changes=40) if small else provisioned.run(report)
        case "authenticated":
            authenticated.run(report, count=200 if small else 2_000, rounds=rounds)
            authenticated.conforming(report)
        case "spam":
            spam.run(report, small=small)
        case "confidential":
            confidential.run(report, count=1000 if small else 100_000)
        case "lookalikes":
            lookalikes.run(report, files=500 if small else 1_000_000)
        case "phishing":
            phishing.run(report, small=small)
        case "kinds":
            kinds.run(report, small=small)
        case "doubted":
            doubted.run(report, most=500 if small else 1_000_000)
        case "pretended":
            pretended.run(report, most=200 if small else 1_000_000)
        case "released":
            released.run(report, pages=6 if small else 40, rounds=rounds)
        case "inspected":
            inspected.run(report, count=1000 if small else 50_000, rounds=rounds)
        case "exported":
            exported.run(report, count=1000 if small else 20_000, rounds=rounds)
        case "replay":
            replay.run(report, count=2000 if small else 50_000, rounds=rounds)
        case "screened":
            screened.run(report, count=100 if small else 500, sessions=20, rounds=rounds)
        case "steady":
            screened.steady(report, a_second=100, seconds=5 if small else arguments.seconds)
        case "redacted":
            redacted.run(report, texts=4, scans=1, rounds=1) if small else redacted.run(report, texts=40, scans=4, rounds=rounds)
        case "mailbox":
            mailbox.run(report, messages=10_000, people=600) if small else mailbox.run(report)
        case _:
            large.run(report, messages=5 if small else 50, size=25_000_000)


if __name__ == "__main__":
    main()
