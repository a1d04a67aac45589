"""`civicmail restore`: make a working installation from a copy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.cli import options, output
from civicmail.mail.replica.restore import restore as make
from civicmail.mail.search import coverage

Copy = Annotated[Path, typer.Option("--from", metavar="COPY", help="The folder of the copy.")]
New = Annotated[Path, typer.Option("--data", metavar="DIR", help="A new or empty folder for the installation.")]


def restore(copy: Copy, data: New, json: options.Json = False) -> None:
    """Make a working installation from a copy. The old one is fenced: it may not take in or deliver mail any more.

    Then look at its settings, which are those of the lost machine, and start it with `civicmail run`. Ends with 1 when something
    is not as the old installation said.
    """
    with output.progress("Restoring") as report:
        restored = make(copy.absolute(), data.absolute(), now=now_ms(), progress=report)
    coverage.request_rebuild(data)
    for problem in restored.problems:
        output.words(problem)
    if json:
        output.emit(asdict(restored))
    else:
        output.show(
            f"Restored {restored.files} files into {data}: {restored.records} records, {restored.entries} entries of the ledger."
        )
        output.show(f"{restored.waiting} messages have recipients that wait and will be served. This is epoch {restored.epoch}.")
        output.show(f"Look at {data}/civicmail.toml, then: civicmail run --data {data}. The index is made anew meanwhile.")
    raise typer.Exit(1 if restored.problems else 0)
