"""Violations and their evidence are never removed, by anybody (V1)."""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLES = ("conduct_violation", "conduct_evidence")


def protect(_apps: Any, schema_editor: Any) -> None:
    """SQLite and PostgreSQL say it differently."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        if postgresql:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT "
                "EXECUTE FUNCTION access_stays()"
            )
            continue
        schema_editor.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} stays (V1)'); END"
        )


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("access", "0013_bars_stay"), ("conduct", "0001_initial")]
    operations = [migrations.RunPython(protect, elidable=False)]
