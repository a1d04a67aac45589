"""`civicmail rebuild`: what can be made anew from the archive."""

from __future__ import annotations

import time
from contextlib import closing

import typer

from civicmail.core.config.load import load
from civicmail.core.disk.errors import LeaseHeld
from civicmail.front.cli import door, options, output
from civicmail.mail.archive import recatalogue, replay
from civicmail.mail.search import coverage
from civicmail.mail.search.tasks import IndexJob

LOOK_SECONDS = 0.2

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="Make anew what can be made anew from the archive.")


@app.callback()
def rebuild() -> None:
    """Make anew what can be made anew from the archive."""


@app.command()
def index(data: options.Data = None, config: options.Config = None) -> None:
    """Make a new search index beside the old one, then swap them; searching goes on meanwhile. Resumable."""
    folder = options.data_folder(data)
    load(folder, config)
    with output.progress("Rebuilding the index") as report:
        try:
            with closing(IndexJob.take(folder, bulk=True)) as job:
                job.rebuild(door.now_ms(), report)
                job.catch_up(door.now_ms())
        except LeaseHeld:
            output.words("The process that holds the index does it; waiting for it.")
            coverage.ask_rebuild(folder)
            while coverage.rebuild_asked(folder):
                time.sleep(LOOK_SECONDS)
    output.words("The index is new.")


@app.command()
def catalogue(data: options.Data = None, config: options.Config = None) -> None:
    """Make the catalogue new from the segments alone. Needs the lease `seal`: stop the worker first."""
    folder = options.data_folder(data)
    load(folder, config)
    with output.progress("Rebuilding the catalogue") as report:
        problems = recatalogue.rebuild(folder, now=door.now_ms(), progress=report)
    for problem in problems:
        output.words(problem)
    output.words("The catalogue is new.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def outstanding(data: options.Data = None, config: options.Config = None) -> None:
    """Find out anew who waits for mail, from segments and journals. Needs the leases `courier` and `seal`: stop workers first."""
    folder = options.data_folder(data)
    load(folder, config)
    with output.progress("Finding out who waits") as report:
        problems = replay.rebuild(folder, now=door.now_ms(), progress=report)
    for problem in problems:
        output.words(problem)
    output.words("The snapshot of those who wait is new.")
    raise typer.Exit(1 if problems else 0)
