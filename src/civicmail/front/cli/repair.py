"""`civicmail repair`: what a broken disk has left is put in order, and the loss is named."""

from __future__ import annotations

import os
import pwd
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.ledger.problems import records_text
from civicmail.front.cli import door, options, output
from civicmail.mail.archive import repair as repairing

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="What a broken disk has left.", no_args_is_help=True)
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="What happened and who decided; it stays in the ledger.")]


@app.callback()
def repair() -> None:
    """Put in order what a broken disk has left. First try to restore what is damaged from a copy."""


@app.command()
def journal(reason: Reason, data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """Take damaged bytes out of journals, so that what is whole can be sealed; they go to the folder `damaged`. Stop all first."""
    if not reason.strip():
        raise UsageError("Say why, with --reason TEXT.")
    folder = options.data_folder(data)
    load(folder, config)
    done = repairing.repair(folder, person=_person(), reason=reason.strip(), now=door.now_ms())
    for one in done:
        if json:
            moved = [m.plain for m in one.moved]
            output.emit({"journal": one.journal, "lost": one.lost, "moved": moved, "entry": one.entry})
            continue
        lost = ", ".join(records_text(first, last, one.journal) for first, last in one.lost)
        output.show(f"Journal {one.journal}: {f'{lost} lost' if lost else 'no record lost'}; entry {one.entry} says what was done.")
        for m in one.moved:
            output.show(f"    {m.size} bytes are in damaged/{one.journal}/{m.name}")
    if not done:
        output.words("No journal is damaged.")


def _person() -> str:
    """Who types: the user of the operating system."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
