"""Bulk update: one prepared statement for many rows.

Django's bulk_update makes an expression of every value of every row first, which costs many times what the database does with it.
That is no matter for what a person does, but it is for what each message does.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connections, router
from django.db.models import Model


def update_rows[Row: Model](rows: Collection[Row], fields: Collection[str]) -> None:
    """Update these fields of rows of one table to their present values; a deleted row stays deleted. In the caller's
    transaction."""
    if not rows:
        return
    table = type(next(iter(rows)))
    meta, connection = table._meta, connections[router.db_for_write(table)]
    columns, key = [c for c in meta.concrete_fields if c.name in fields], meta.pk
    assert key is not None and len(columns) == len(fields)
    name = connection.ops.quote_name
    sets = ", ".join(f"{name(str(column.column))} = %s" for column in columns)
    statement = f"UPDATE {name(meta.db_table)} SET {sets} WHERE {name(str(key.column))} = %s"  # noqa: S608 - names of ours, quoted
    values = [[*(c.get_db_prep_save(getattr(row, c.attname), connection) for c in columns), row.pk] for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)
