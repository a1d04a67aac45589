"""The town as it was made for a test a moment ago, once more for the next: its rows, its folder, and what names them.

To make it takes a second, and most tests of pages begin with it. What was kept is used for some seconds only, so that "a minute
ago" stays one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from pages.world import Town

FRESH = timedelta(seconds=20)
ALWAYS = ("sqlite_", "django_migrations", "django_content_type", "django_site", "auth_permission")
"""Tables that have rows in every database."""

_kept: dict[tuple[Any, ...], Kept] = {}


@dataclass(frozen=True, slots=True)
class Kept:
    """rows: of each table that has some, the statement that writes them and their values; folder: a copy of the installation."""

    town: Town
    rows: list[tuple[str, list[tuple[Any, ...]]]]
    folder: Path

    @classmethod
    def of(cls, town: Town, installed: Path) -> Kept:
        folder = installed.with_name("kept")
        shutil.copytree(installed, folder)
        return cls(deepcopy(town), list(_rows()), folder)

    @property
    def is_fresh(self) -> bool:
        return timedelta(0) <= timezone.now() - self.town.now < FRESH

    def again(self, installed: Path) -> Town:
        """Into an empty database, and this folder of an installation."""
        with transaction.atomic():
            for statement, values in self.rows:
                connection.connection.executemany(statement, values)
        shutil.rmtree(installed)
        shutil.copytree(self.folder, installed)
        return deepcopy(self.town)


def kept(make: Callable[[Path], Town], installed: Path, *kind: Any) -> Town:
    """What make(installed) gives. kind: by what it differs from others."""
    if connection.vendor != "sqlite":
        return make(installed)
    kind = (*kind, connection.in_atomic_block)  # what waits for the end of a transaction happens only without one around it
    if kind in _kept and _kept[kind].is_fresh:
        return _kept[kind].again(installed)
    town = make(installed)
    _kept[kind] = Kept.of(town, installed)
    return town


def _rows() -> Any:
    """As they are stored: a column with a sign is none that is read as a date."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(ALWAYS):
                continue
            names = [f'"{column.name}"' for column in connection.introspection.get_table_description(cursor, table)]
            values = cursor.execute(f'SELECT {", ".join(f"+{name}" for name in names)} FROM "{table}"').fetchall()
            if values:
                marks = ", ".join("?" for _ in names)
                yield f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({marks})', values
