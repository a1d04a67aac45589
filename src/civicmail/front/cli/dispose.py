"""`civicmail dispose`: what is due by its schedule and under no hold; here it is only simulated."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from civicmail.core.config.load import load
from civicmail.front.cli import door, options, output
from civicmail.front.worker.keeping import viewer
from civicmail.mail.archive import dispose as archive
from civicmail.mail.archive.certificates import Item
from civicmail.mail.archive.errors import NotDisposed


def dispose(
    simulate: Annotated[bool, typer.Option("--simulate", help="Say what would go, and change nothing.")] = False,
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """Dispose of what is due. It takes two persons with a duty, so an unclaimed installation only simulates."""
    folder = options.data_folder(data)
    load(folder, config)
    if not simulate:
        raise NotDisposed(
            "Disposal takes two persons who have signed in with a duty, which this command line knows nobody by; "
            "--simulate says what is due."
        )

    def each(item: Item) -> None:
        row: dict[str, Any] = {"id": item.capture.uuid, "class": item.decision.class_, "received": item.capture.received}
        if json:
            series = item.decision.schedule.id if item.decision.schedule else ""
            output.emit(row | {"due": item.decision.due, "series": series, "size": item.capture.size})
        else:
            output.show(f"{row['id']}  {output.when(row['received'])}  {row['class']}  due {output.when(item.decision.due)}")

    outcome = archive.simulate(folder, now=door.now_ms(), view=viewer(folder), each=each)
    if json:
        output.emit({"due": outcome.gone, "kept": outcome.kept})
        return
    kept = ", ".join(f"{n} {why}" for why, n in sorted(outcome.kept.items())) or "nothing"
    output.words(f"{outcome.gone} captures would go. What stays: {kept}.")
