"""`civicmail migrate`: upgrade the people database, or list the steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE
from civicmail.core.config import formats
from civicmail.core.config.release import VERSION
from civicmail.core.config.settings import Settings
from civicmail.front.cli import options, output
from civicmail.front.cli.waits import wait_for_tables

WOULD_CHANGE = 1


def migrate(
    installation: options.Installation,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; say what would be done.")] = False,
    unsaved: Annotated[bool, typer.Option("--unsaved", help="Do not save the tables first; you have done it.")] = False,
    json: options.Json = False,
) -> None:
    """Bring the tables of people up to this program's version; every start does it, too. What they were is saved first.

    With --check nothing is changed. It ends with 0 when nothing would be, with 1 when something would, with 3 when a newer program
    has written here.
    """
    folder, settings = installation.open()
    tables = f"The tables are those of Civicmail {VERSION}."
    if check and _has_none(settings, folder):
        tables = "There are no tables of people yet; the first start makes them."
    steps = _pending(settings, folder, installation.config) if check else _do(folder, installation.config, save=not unsaved)
    made_anew = [d for d in formats.differences(folder) if d.format.anew]
    if json:
        rebuilt = [{"format": d.format.name, "here": d.version, "program": d.format.number, "do": d.format.anew} for d in made_anew]
        output.emit({"version": VERSION, "check": check, "steps": steps, "anew": rebuilt})
    else:
        _say(steps, made_anew, check, tables)
    if check and (steps or made_anew):
        raise typer.Exit(WOULD_CHANGE)


def _has_none(settings: Settings, folder: Path) -> bool:
    """Whether there is no file of tables, and none that was lost; to ask for it would make one."""
    return not settings.database.url and not (folder / DATABASE).exists() and not (folder / BACKUP_NAME).exists()


def _pending(settings: Settings, folder: Path, config: Path | None) -> list[tuple[str, str]]:
    from civicmail.front.web.start import start

    if _has_none(settings, folder):
        return []
    start(folder, config)
    from civicmail.front.web import upgrade

    return upgrade.pending(folder)


def _do(folder: Path, config: Path | None, *, save: bool) -> list[tuple[str, str]]:
    from civicmail.front.web.start import upgrade

    return upgrade(folder, config, wait_for_tables(), save=save)


def _say(steps: list[tuple[str, str]], made_anew: list[formats.Difference], check: bool, tables: str) -> None:
    """tables: how they are where there are no steps."""
    rooms: dict[str, list[str]] = {}
    for room, name in steps:
        rooms.setdefault(room, []).append(name)
    for room, names in rooms.items():
        output.show(f"{room}: {', '.join(names)}")
    for rebuilt in made_anew:
        output.show(
            f"{rebuilt.format.name} {rebuilt.version}: `civicmail {rebuilt.format.anew}` makes it anew as {rebuilt.format.number}"
        )
    would = "would be done; the tables are saved first" if check else "were done"
    output.show(f"{len(steps)} steps of tables {would}." if steps else tables)
