"""What can be added and never changed or removed cannot be replaced either (A3, V3).

SQLite removes the old row of INSERT OR REPLACE and UPDATE OR REPLACE without asking its triggers (`recursive_triggers` is off unless
each connection turns it on), so a row that would be in another's place is refused before. PostgreSQL has no such statement; there the
guards hold also for a session that says to be a replica (`session_replication_role`). Whoever owns the tables can still take the
guards away: the comparison with the journals says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import migrations

Keys = tuple[tuple[str, str], ...]
TABLES: Mapping[str, Keys] = {
    "access_entry": (("id", ""), ("uuid", "")),
    "access_carried": (("entry_id", ""),),
    "access_acknowledgement": (("id", ""),),
    "access_endingstep": (("id", ""), ("ending_id, step", "")),
    "access_bar": (("id", ""), ("person_id", "{row}.ended IS NULL AND {row}.kind = 'permanent'")),
    "access_undertaking": (("id", ""), ("agency_id, text_id", "")),
}
"""Table -> columns of which each value is there once, with the condition under which that holds; the first is the primary key."""


def protect(_apps: Any, schema_editor: Any) -> None:
    """Both databases, each in its way."""
    guard(schema_editor, TABLES)


def guard(schema_editor: Any, tables: Mapping[str, Keys]) -> None:
    """No row of these tables takes another one's place."""
    if schema_editor.connection.vendor != "postgresql":
        for table, keys in tables.items():
            for statement in no_replacing(table, keys):
                schema_editor.execute(statement)
        return
    with schema_editor.connection.cursor() as c:
        for table in tables:
            c.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table])
            for (name,) in c.fetchall():
                schema_editor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def no_replacing(table: str, keys: Keys) -> list[str]:
    """The triggers of SQLite: for INSERT, and for UPDATE of a row that would take the place of another one."""
    same = " OR ".join(f"({_same(columns, condition)})" for columns, condition in keys)
    there = f"EXISTS (SELECT 1 FROM {table} AS o WHERE"  # noqa: S608 - names of our own
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} stays (A3)'); END"
    key = keys[0][0]
    return [
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} {same}) {refuse}",
        f"CREATE TRIGGER {table}_no_moving BEFORE UPDATE ON {table} WHEN {there} o.{key} IS NOT OLD.{key} AND ({same})) {refuse}",
    ]


def _same(columns: str, condition: str) -> str:
    equal = [f"o.{column} = NEW.{column}" for column in columns.split(", ")]
    both = [f"({condition.format(row=row)})" for row in ("o", "NEW")] if condition else []
    return " AND ".join(equal + both)


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("access", "0023_letters")]
    operations = [migrations.RunPython(protect, elidable=False)]
