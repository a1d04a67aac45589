"""`civicmail works`: lists of works of others by SHA-256 (docs/operate/findings.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.core.disk.files import OS_FILES
from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group
from civicmail.mail.screening.use import copied_works

app = group("Works of others that people must not send, by SHA-256: a file of a list is for the use reviewers.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is called: small letters, digits, dashes.")]


@app.command()
def add(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Lines as sha256sum writes them: a SHA-256, two blanks, a title.")],
    credentials: options.CredentialsWithReason,
    json: options.Json = False,
) -> None:
    """Make a list of such lines, in the place of the one with this name."""
    folder = credentials.folder()
    path = _path(folder, name)
    with actors.in_files(folder, "works add", {"list": name}, credentials, now=now_ms()):
        try:
            entries, bad_lines = copied_works.read(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
        if not entries:
            raise UsageError(f"No line of {file} begins with a SHA-256.")
        OS_FILES.make_folder(path.parent)
        OS_FILES.replace(path, "".join(f"{digest.hex()}  {title}\n" for digest, title in entries.items()).encode())
    if json:
        output.emit({"list": name, "files": len(entries), "unused": bad_lines})
        return
    output.show(f"The list {name} has {len(entries):,} files.")
    if bad_lines:
        output.words(f"{bad_lines:,} lines were left out: they begin with no SHA-256 of 64 hexadecimal digits.")


@app.command("list")
def list_(credentials: options.Credentials, json: options.Json = False) -> None:
    """The lists, with how many files each has and how many of its lines are none."""
    folder = credentials.folder()
    actors.person(folder, "works list", {}, credentials, now=now_ms())
    paths = copied_works.there(folder)
    for path in paths:
        entries, bad_lines = copied_works.read(path)
        if json:
            output.emit({"list": path.stem, "files": len(entries), "unused": bad_lines})
        else:
            output.show(
                f"{path.stem:30} {len(entries):>10,} files" + (f"  {bad_lines:,} lines cannot be read" if bad_lines else "")
            )
    if not paths and not json:
        output.words("There are no lists.")


@app.command()
def remove(name: Name, credentials: options.CredentialsWithReason) -> None:
    """Look for the files of a list no longer."""
    folder = credentials.folder()
    path = _path(folder, name)
    with actors.in_files(folder, "works remove", {"list": name}, credentials, now=now_ms()):
        if not path.exists():
            raise UsageError(f"There is no list {name}.")
        OS_FILES.unlink(path)
        OS_FILES.sync_folder(path.parent)
    output.show(f"The list {name} is gone.")


def _path(folder: Path, name: str) -> Path:
    """Raises UsageError."""
    if not copied_works.NAME.fullmatch(name):
        raise UsageError(f"{name} is not a valid list name: use at most 40 small letters, digits and dashes.")
    return copied_works.path_of(folder, name)
