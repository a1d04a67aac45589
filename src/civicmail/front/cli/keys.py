"""`civicmail keys`: the recovery key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.front.cli import door, options, output
from civicmail.mail.archive import keyring, masterkey

app = typer.Typer(add_completion=False, rich_markup_mode=None, help="The recovery key.")
KeyFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Where the key is written; else it is read from stdin.")
]


@app.callback()
def keys() -> None:
    """The recovery key: the only way to the archive when the master key is lost."""


@app.command("prove-recovery")
def prove_recovery(data: options.Data = None, file: KeyFile = None, config: options.Config = None) -> None:
    """Show that you have the recovery key. It is never kept: what is kept is that it was proved."""
    folder = options.data_folder(data)
    load(folder, config)
    if not keyring.prove_recovery(folder, _key(file), now=door.now_ms()):
        output.words("civicmail: This is not the recovery key of this installation.")
        raise typer.Exit(1)
    output.words("This is the recovery key of this installation.")


@app.command()
def recover(data: options.Data = None, file: KeyFile = None, config: options.Config = None) -> None:
    """Write the master key and the ledger key again from the recovery key."""
    folder = options.data_folder(data)
    load(folder, config)
    keyring.recover(folder, _key(file))
    output.words("The master key and the ledger key were written again.")


@app.command("rotate-master")
def rotate_master(data: options.Data = None, config: options.Config = None) -> None:
    """Make a new master key and a new recovery key; the old recovery key opens nothing any more. No segment is rewritten.

    Needs the lease `seal`: stop the worker first. After a crash call it again.
    """
    folder = options.data_folder(data)
    load(folder, config)
    count = masterkey.rotate(folder, show=_show_new)
    output.words(f"{count} segment keys are under the new master key. Older backups of the keyring open with the old key only.")


def _show_new(recovery: str) -> None:
    output.words("The new recovery key. Keep it on paper; it is not shown again, and the old one opens nothing any more:")
    output.words(f"    {recovery}")
    output.words("Then prove that you have it: civicmail keys prove-recovery")


def _key(file: Path | None) -> str:
    """The key from a file or from stdin, never from the command line, where every process could read it."""
    if file is None:
        if sys.stdin.isatty():
            output.words("Type the recovery key:")
        return sys.stdin.readline()
    try:
        return file.read_text()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
