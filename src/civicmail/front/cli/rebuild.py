"""`civicmail rebuild`: rebuild index, catalogue and outstanding list from the archive."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.disk.errors import LeaseHeld
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.front.cli.waits import wait_for_worker
from civicmail.mail.archive import outstanding_file, rebuild_catalogue, replay
from civicmail.mail.archive.reading import Archive
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import searchable
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob

LOOK_SECONDS = 0.2

app = group("Make anew what can be made anew from the archive.")


@app.command()
def index(installation: options.Installation) -> None:
    """Rebuild the search index beside the old one, then swap them; searching continues meanwhile. Resumable. Exit 1 if some of the
    archive cannot be indexed."""
    folder, settings = installation.open()
    with output.progress("Rebuilding the index") as report:
        try:
            with closing(IndexJob.take(folder, bulk=True, least=settings.gateway.min_free)) as job:
                job.rebuild(now_ms(), report)
                job.catch_up(now_ms())
        except LeaseHeld:
            output.words("The process that holds the index does it; waiting for it.")
            coverage.request_rebuild(folder)
            while coverage.is_rebuild_requested(folder):
                if coverage.is_paused(folder):
                    output.words("It rests until its volume has room (civicmail doctor), and rebuilds the index then.")
                    raise typer.Exit(1) from None
                time.sleep(LOOK_SECONDS)
    searchable_, archived = searchable(Reader(folder)), Archive(folder).count()
    if searchable_ == archived:
        output.words(f"The index is new: all {archived} captures of the archive can be found.")
        return
    output.words(
        f"The index is new, and has {searchable_} of {archived} captures of the archive. `civicmail verify` says which segments or "
        "journals cannot be read; where none is named, call this again while nothing comes in."
    )
    raise typer.Exit(1)


@app.command()
def catalogue(installation: options.Installation) -> None:
    """Rebuild the catalogue from the segments. A running worker releases its lease `seal`."""

    def done(folder: Path) -> str:
        return f"The catalogue is new: the archive has {Archive(folder).count()} captures in it and in journals."

    _rebuild("catalogue", "Rebuilding the catalogue", rebuild_catalogue.rebuild, done, installation)


@app.command()
def outstanding(installation: options.Installation) -> None:
    """Rebuild the outbound queue from segments and journals. Running workers release the leases `courier` and `seal`."""

    def done(folder: Path) -> str:
        waiting = sum(1 for _ in outstanding_file.current(folder).waiting())
        return f"The snapshot of those who wait is new: {waiting} of {Archive(folder).count()} captures have recipients that wait."

    _rebuild("outstanding", "Finding out who waits", replay.rebuild, done, installation)


def _rebuild(
    what: str, doing: str, make: Callable[..., list[str]], done: Callable[[Path], str], installation: options.Installation
) -> None:
    """Exit 1 where something could not be read."""
    folder = installation.folder()
    with actors.owner(folder, f"rebuild {what}", now=now_ms()), output.progress(doing) as report:
        problems = make(folder, now=now_ms(), progress=report, patience=wait_for_worker())
    for problem in problems:
        output.words(problem)
    output.words(done(folder))
    raise typer.Exit(1 if problems else 0)
