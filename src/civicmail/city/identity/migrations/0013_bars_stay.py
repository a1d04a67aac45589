"""Bars and undertakings are never removed, by anybody (V3); a permanent bar stays what it is, of whom, by whom, until two people end
it. Agencies whose people work here already are taken to have bound themselves to the version in force: the next one is asked."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_KEPT = ("person_id", "kind", "since", "origin", "reason", "first_id", "second_id")


def protect(_apps: Any, schema_editor: Any) -> None:
    """SQLite and PostgreSQL say it differently."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    changed = " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" if postgresql else f"OLD.{c} IS NOT NEW.{c}" for c in _KEPT)
    changed = f"OLD.ended IS NOT NULL OR {changed}"
    if postgresql:
        schema_editor.execute(
            "CREATE FUNCTION access_stays() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% stays (V3)', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
            params=None,
        )
        for table in ("access_bar", "access_undertaking"):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT "
                "EXECUTE FUNCTION access_stays()"
            )
        schema_editor.execute(
            f"CREATE TRIGGER access_bar_stays_what_it_is BEFORE UPDATE ON access_bar FOR EACH ROW WHEN ({changed}) "
            "EXECUTE FUNCTION access_stays()"
        )
        return
    for table in ("access_bar", "access_undertaking"):
        schema_editor.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{table} stays (V3)'); END"
        )
    schema_editor.execute(
        f"CREATE TRIGGER access_bar_stays_what_it_is BEFORE UPDATE ON access_bar WHEN {changed} "
        "BEGIN SELECT RAISE(ABORT, 'access_bar stays (V3)'); END"
    )


def carry_over(apps: Any, _schema_editor: Any) -> None:
    """Nobody is locked out by the day on which undertakings began."""
    text = apps.get_model("access", "PolicyText").objects.filter(material=True).order_by("-version").first()
    if text is None:
        return
    working = apps.get_model("directory", "Episode").objects.filter(ended__isnull=True, contract__isnull=False)
    agencies = apps.get_model("directory", "Agency").objects.filter(pk__in=working.order_by().values("contract__agency"))
    undertaking = apps.get_model("access", "Undertaking")
    for agency in agencies.order_by("pk"):
        undertaking.objects.create(agency=agency, text=text, how="before", at=text.published)


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("access", "0012_bars")]
    operations = [
        migrations.RunPython(protect, elidable=False),
        migrations.RunPython(carry_over, migrations.RunPython.noop, elidable=True),
    ]
