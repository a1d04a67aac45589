"""What was certified of an account that was closed is never changed, and no row of a leaver is ever removed (P-08)."""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLES = ("conduct_leaver", "conduct_closure", "conduct_outsideending", "conduct_outsideaccount")


def protect(_apps: Any, schema_editor: Any) -> None:
    """SQLite and PostgreSQL say it differently."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        if postgresql:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT "
                "EXECUTE FUNCTION conduct_stays()"
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} stays (P-08)'); END"
            )
    if postgresql:
        schema_editor.execute(
            "CREATE TRIGGER conduct_closure_certified BEFORE UPDATE ON conduct_closure FOR EACH ROW WHEN (OLD.state = 'closed') "
            "EXECUTE FUNCTION conduct_stays()"
        )
    else:
        schema_editor.execute(
            "CREATE TRIGGER conduct_closure_certified BEFORE UPDATE ON conduct_closure WHEN OLD.state = 'closed' "
            "BEGIN SELECT RAISE(ABORT, 'conduct_closure is certified (P-08)'); END"
        )


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("conduct", "0003_reviews_stay")]
    operations = [migrations.RunPython(protect, elidable=False)]
