"""`civicmail exact-list`: exact data match lists, kept as keyed hashes (docs/operate/confidential.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.screening.confidential import exact_lists

app = group("Values of the city's own that are looked for in outgoing mail: only keyed hashes of them are kept.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is called: small letters, digits, dashes.")]
Columns = Annotated[list[str], typer.Option("--id", metavar="COLUMN", help="A column of identifiers; may be said several times.")]
_DELIMITERS = ",;\t|"


@app.command()
def add(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A table with a heading: CSV, UTF-8. It is read once and not kept.")],
    id_: Columns,
    with_: Annotated[str, typer.Option("--with", metavar="COLUMN", help="The family name, which must stand in the message, too.")],
    credentials: options.CredentialsWithReason,
    json: options.Json = False,
) -> None:
    """Make a list of a table, in the place of the one with this name."""
    folder = credentials.folder()
    exact_lists.path_of(folder, name)
    now = now_ms()
    with actors.in_files(folder, "exact-list add", {"list": name}, credentials, now=now):
        content, used, unused = exact_lists.build(exact_lists.make_key(folder), _rows(file, id_, with_), now)
        if not used:
            raise UsageError(f"No row of {file} has an identifier and a name.")
        exact_lists.write(folder, name, content)
    if json:
        output.emit({"list": name, "rows": used, "unused": unused})
        return
    output.show(f"The list {name} has {used:,} rows.")
    if unused:
        output.words(f"{unused:,} rows were left out: no name, or no identifier of {_SHAPE}.")


_SHAPE = "5 to 20 letters and digits with at least 4 digits"


@app.command("list")
def list_(credentials: options.Credentials, json: options.Json = False) -> None:
    """The lists, with how many values each has and when it was made."""
    folder = credentials.folder()
    actors.person(folder, "exact-list list", {}, credentials, now=now_ms())
    paths = exact_lists.there(folder)
    key = exact_lists.read_key(folder) if paths else b""
    for path in paths:
        info = exact_lists.read(path, key)
        if json:
            output.emit({"list": info.name, "values": info.count, "made": info.made})
        else:
            output.show(f"{info.name:30} {info.count:>10,} values  made {output.when(info.made)}")
    if not paths and not json:
        output.words("There are no lists.")


@app.command()
def remove(name: Name, credentials: options.CredentialsWithReason) -> None:
    """Look for the values of a list no longer."""
    folder = credentials.folder()
    with actors.in_files(folder, "exact-list remove", {"list": name}, credentials, now=now_ms()):
        if name not in {path.stem for path in exact_lists.there(folder)}:
            raise UsageError(f"There is no list {name}.")
        exact_lists.remove(folder, name)
    output.show(f"The list {name} is gone.")


def _rows(file: Path, identifiers: list[str], beside: str) -> Iterator[tuple[list[str], str]]:
    """The identifiers and the name of each row. Raises UsageError."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            heading = opened.readline()
            by = max(_DELIMITERS, key=heading.count)
            columns = [cell.strip().lower() for cell in next(csv.reader([heading], delimiter=by), [])]
            places = [_place(columns, name, file) for name in (*identifiers, beside)]
            for row in csv.reader(opened, delimiter=by):
                cells = [row[place] if place < len(row) else "" for place in places]
                yield cells[:-1], cells[-1]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8.") from None
    except csv.Error:
        raise UsageError(f"{file} is not a readable table.") from None


def _place(columns: list[str], name: str, file: Path) -> int:
    try:
        return columns.index(name.strip().lower())
    except ValueError:
        raise UsageError(f"{file} has no column {name}; its first line must name the columns.") from None
