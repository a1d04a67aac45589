"""The capture that an ID argument names: a capture id, a SHA-256, or at least 12 digits of either."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.front.cli import output
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.reading import Archive

CaptureId = Annotated[str, typer.Argument(metavar="ID", help="A capture id, a SHA-256, or at least 12 digits of either.")]


def one(archive: Archive, text: str, *, bytes_only: bool = False) -> Place:
    """The capture that is meant; exit 1 when there is none, or when there are several: then they are listed.

    bytes_only: captures of equal bytes are as good as one.
    """
    places = archive.find(text)
    if not places:
        output.words(f"civicmail: Nothing is kept under {text}.")
        raise typer.Exit(1)
    if len(places) > 1 and not (bytes_only and len({p.sha256 for p in places}) == 1):
        output.words(f"civicmail: {len(places)} captures fit {text}:")
        for place in places:
            output.words(f"    {place.uuid} {place.sha256.hex()}")
        raise typer.Exit(1)
    return places[0]
