"""The file of people is lost, and its copy is there: it is not made anew, for nobody would have a mailbox any more, and the next
copy would be one of that. To mail it is a database that is away; to a person a sentence with what to do."""

from __future__ import annotations

from pathlib import Path

from django.db import OperationalError, connection

from civicmail.city.access.saved import DATABASE, SAVED
from civicmail.core.config.errors import ConfigError


class PeopleLost(ConfigError, OperationalError):
    """city.sqlite3 is not there, and city.saved is."""


def require_people(data: Path) -> None:
    """Raise PeopleLost before an empty file would take the place of the lost one."""
    place, saved = data / DATABASE, data / SAVED
    if connection.vendor == "sqlite" and saved.exists() and not (place.exists() and place.stat().st_size):
        raise PeopleLost(
            f"{place} is lost, and {saved} is its copy: stop Civicmail, then `mv {saved} {place}`, and start it again."
        )
