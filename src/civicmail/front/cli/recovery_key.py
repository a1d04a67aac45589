"""Read the recovery key from a file or stdin, never from the command line, where every process could read it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError
from civicmail.front.cli import output

KeyFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Where the key is written; else it is read from stdin.")
]


def read(file: Path | None) -> str:
    """The text of the file, or a line of stdin, for which a terminal shows a prompt. Raises UsageError."""
    if file is None:
        if sys.stdin.isatty():
            output.words("Type the recovery key:")
        return sys.stdin.readline()
    try:
        return file.read_text()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
