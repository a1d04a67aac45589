"""`civicmail simulate`: a city's day on this machine, for load tests and capacity planning."""

from __future__ import annotations

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.cli import output
from civicmail.front.cli.groups import group
from civicmail.front.sample import sample_city

app = group("Play what a city goes through, on this machine and in a folder of its own.")


class Reading(StrEnum):
    """How the figures of a day are read (P-01, P-02)."""

    TOGETHER = "together"
    BESIDES = "besides"


@app.command("day")
def day(
    reading: Annotated[
        Reading,
        typer.Option("--reading", help="240,000 messages with the junk among them, or 240,000 good ones and the junk besides."),
    ] = Reading.TOGETHER,
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.2, max=1440, help="How long the day takes; 1440 is its real pace.")
    ] = 60,
    share: Annotated[float, typer.Option("--share", min=0.0001, max=1, help="Which part of the day's mail comes.")] = 1,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Where the report is written; else only shown.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="A new folder, kept at the end; else a temporary one.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Which day: the same number gives the same one.")] = 1,
) -> None:
    """Simulate a day of the city (P-01) with its mail, an outage and a nearly full disk. Prints a report; exit 1 if a goal was
    missed."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with sample_city.folder(data, "day") as folder:
        text, good = _played(folder, reading, minutes, share, seed)
        if report is not None:
            report.write_text(text)
        print(text, end="")
        raise typer.Exit(0 if good else 1)


def _played(folder: Path, reading: Reading, minutes: float, share: float, seed: int) -> tuple[str, bool]:
    """The report, and whether everything was met."""
    from civicmail.front.sample.day_plan import READINGS
    from civicmail.front.sample.day_report import goals, report
    from civicmail.front.sample.office_process import OfficeProcess
    from civicmail.front.sample.simulation import Simulation

    load = READINGS[reading]
    count = load.part(share).total
    with Simulation(folder, load, minutes * 60, seed, share) as played:
        output.words(f"Making a city of {len(played.town.departments)} departments and district offices …")
        city = sample_city.people(folder, played.town)
        from civicmail.front.sample.day_setup import ask_about_files, sign_in  # what follows wants Django, which stands now

        ask_about_files(city, now_ms())
        played.let_in(sign_in(now_ms()))
        output.words(f"Writing {count:,} letters …")
        played.write_letters(sample_city.snapshot(folder), output.words)
        with sample_city.serving(folder) as pid, OfficeProcess(folder, minutes * 60, seed) as desks:
            played.wait_for_gateway()
            output.words(f"A day with {count:,} messages begins; it takes {minutes:g} minutes.")
            worked = played.run(pid, desks, output.words)
        played.weigh()
        verified = sample_city.verified(folder)
        text = "\n".join(report(played, worked, f"A day of {count:,} messages in {minutes:g} minutes", verified)) + "\n"
        return text, all(goal.met for goal in goals(played, worked, verified))
