"""`civicmail records`: requests for records, and the static copy of the public reading room (P-21)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.errors import UsageError
from civicmail.desk.records.acts import requests
from civicmail.desk.records.lists.requests import REQUESTS
from civicmail.front.cli import act_commands, actors, list_commands, options, output
from civicmail.front.cli.groups import group

app = group("The public-records desk.")
LANGUAGES = ("en", "es")

list_commands.add(app, REQUESTS)
for act in requests.ACTS:
    if act.command is not None:
        act_commands.add(app, act)


@app.command("reading-room")
def reading_room(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="A new or empty folder.")],
    sign_in: options.OptionalSignIn,
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="Of the pages: en or es.")] = "en",
    address: Annotated[str, typer.Option("--address", metavar="URL", help="Where the copy will be, for its feed.")] = "",
    json: options.Json = False,
) -> None:
    """Write all that the public reading room has as plain files, which any web server can serve. The same releases give the same
    bytes."""
    if language not in LANGUAGES:
        raise UsageError(f"--language is one of {', '.join(LANGUAGES)}.")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} is not empty. Name a new folder.")
    desk = actors.office("records reading-room", sign_in)
    from civicmail.city.guard import guard
    from civicmail.desk.records.views import reading_room_copy

    guard.require(desk.actor, "records.see", now=desk.now)
    done = 0
    with output.progress("Writing") as report:
        for _ in reading_room_copy.write(desk.folder, to, language=language, address=address):
            done += 1
            report(done)
    if json:
        output.emit({"releases": done})
    else:
        output.show(f"{done} release{'' if done == 1 else 's'} written to {to}.")
