"""The options that many commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="The data folder (default: $CIVICMAIL_DATA).")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Another settings file than DIR/civicmail.toml.")]
Json = Annotated[bool, typer.Option("--json", help="For machines: one JSON object per line.")]


def data_folder(given: Path | None) -> Path:
    """The data folder that the command line or the environment names, absolute; it may not be there yet."""
    if given is None:
        named = os.environ.get("CIVICMAIL_DATA")
        if not named:
            raise UsageError("Say which data folder, with --data DIR or CIVICMAIL_DATA.")
        given = Path(named)
    return given.absolute()
