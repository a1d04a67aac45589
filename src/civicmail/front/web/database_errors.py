"""Errors of the people database: lost, damaged, or written by a newer program. A lost file is never replaced by an empty one,
because its next copy would be empty too. Mail treats it as an unavailable database; people read what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from django.db import OperationalError, connection

from civicmail.city.identity.database_backup import BACKUP_NAME, DATABASE
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.release import VERSION


class PeopleLost(ConfigError, OperationalError):
    """city.sqlite3 is not there, and city.saved is."""


class PeopleDamaged(ConfigError, OperationalError):
    """city.sqlite3 is no database, or is damaged."""

    def __init__(self, place: str) -> None:
        saved = Path(place).with_name(BACKUP_NAME)
        super().__init__(f"{place} is damaged. Stop Civicmail, keep that file, then `cp {saved} {place}`, and start it again.")


class NewerPeople(ConfigError, OperationalError):
    """The tables were written by a newer program."""


def require_known(applied: Iterable[tuple[str, str]], ours: Collection[tuple[str, str]]) -> None:
    """Raise NewerPeople where a step was applied that this program does not have: it would write rows that the newer one reads
    otherwise. applied, ours: application and name."""
    rooms = {room for room, _ in ours}
    if newer := sorted(f"{room} {name}" for room, name in applied if room in rooms and (room, name) not in ours):
        raise NewerPeople(
            f"A newer Civicmail has changed the tables of people ({newer[-1]}), which this one ({VERSION}) does not know: nothing "
            "was read or written. Start the newer version, or restore a copy from before the upgrade."
        )


def require_people(data: Path) -> None:
    """Raise PeopleLost before an empty file would take the place of the lost one."""
    place, saved = data / DATABASE, data / BACKUP_NAME
    if connection.vendor == "sqlite" and saved.exists() and not (place.exists() and place.stat().st_size):
        raise PeopleLost(
            f"{place} is lost, and {saved} is its copy: stop Civicmail, then `mv {saved} {place}`, and start it again."
        )
