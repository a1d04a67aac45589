"""`civicmail repair`: repair journals after a disk failure and name what was lost."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.ledger.problems import records_text
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.archive import repair as repairing

app = group("Put in order what a broken disk has left. First try to restore what is damaged from a copy.")
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="What happened and who decided; it stays in the ledger.")]


@app.command()
def journal(reason: Reason, installation: options.Installation, json: options.Json = False) -> None:
    """Take damaged bytes out of journals, so that what is whole can be sealed; they go to the folder `damaged`.

    Stop the workers first (`civicmail run worker`, or all of it): it says which are at work, and does nothing. Gateways may go on,
    unless their own journal is damaged.
    """
    reason = options.why(reason)
    folder = installation.folder()
    done = repairing.repair(folder, person=actors.machine_of(folder), reason=reason, now=now_ms())
    for item in done:
        if json:
            moved = [m.plain for m in item.moved]
            output.emit({"journal": item.journal, "lost": item.lost, "moved": moved, "entry": item.entry})
            continue
        lost = ", ".join(records_text(first, last, item.journal) for first, last in item.lost)
        output.show(
            f"Journal {item.journal}: {f'{lost} lost' if lost else 'no record lost'}; entry {item.entry} says what was done."
        )
        for m in item.moved:
            output.show(f"    {m.size} bytes are in damaged/{item.journal}/{m.name}")
    if not done:
        output.words("No journal is damaged.")
