"""Entries, where they were carried to, acknowledgements and endings' steps can be added and never changed or removed, by anybody (A3)."""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLES = ("access_entry", "access_carried", "access_acknowledgement", "access_endingstep")
_SAID = "{table} is append-only (A3)"


def protect(_apps: Any, schema_editor: Any) -> None:
    """SQLite and PostgreSQL say it differently; both refuse UPDATE and DELETE, PostgreSQL TRUNCATE too."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        schema_editor.execute(
            "CREATE FUNCTION access_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only (A3)', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
            params=None,
        )
    for table in TABLES:
        if postgresql:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION access_append_only()"
            )
            continue
        for verb in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_SAID.format(table=table)}'); END"
            )


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("access", "0001_initial")]
    operations = [migrations.RunPython(protect, elidable=False)]
