"""`civicmail config`: check, show and explain settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from civicmail.core.config import explain as explained
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import FILE, load
from civicmail.core.config.template import render, toml
from civicmail.front.checkup import configured_files, page_address
from civicmail.front.cli import options, output
from civicmail.front.cli.groups import group

app = group("Check, show and explain settings.")


@app.command()
def check(installation: options.Installation, json: options.Json = False) -> None:
    """Read the settings as every command does, and look whether the files that they name are there; say what is wrong with them,
    and what does not work with them. Ends with 3 when something is wrong."""
    folder, settings = installation.open()
    problems, missing = configured_files.unusable_files(settings, folder), page_address.limitations(settings)
    if json:
        output.emit({"ok": not problems, "file": str(installation.config or folder / FILE), "wrong": problems, "missing": missing})
    else:
        for line in problems or [f"{installation.config or folder / FILE} is good.", *missing]:
            output.words(line)
    if problems:
        raise typer.Exit(ConfigError.exit_code)


@app.command()
def show(installation: options.Installation, json: options.Json = False) -> None:
    """Print the settings that are in force: file and environment together."""
    _, loaded = installation.open()
    if json:
        output.emit(asdict(loaded))
    else:
        for line in render(loaded).splitlines():
            output.show(line)


@app.command()
def explain(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A setting like gateway.processes, or a section.")],
    data: options.Data = None,
    json: options.Json = False,
) -> None:
    """Say what a setting means, its type and its default; with --data also what it is there."""
    loaded = load(options.data_folder(data)) if data else None
    for setting in explained.find(key):
        if json:
            output.emit(asdict(setting))
        else:
            output.show(f"{setting.key} ({setting.kind}, default {toml(setting.default)})")
            output.show(f"    {setting.help}")
            if loaded and (value := explained.value(loaded, setting.key)) is not None:
                output.show(f"    Here it is {toml(value)}.")
