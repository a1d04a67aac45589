"""What somebody was called before is kept by the database itself, by whatever way a change comes (P-30)."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

_SAID = ("uid", "given", "family", "display", "phone", "outside")
_PERSON = (
    "INSERT INTO directory_formername (person_id, uid, given, family, display, phone, outside, external) "
    "VALUES (OLD.id, OLD.uid, OLD.given, OLD.family, OLD.display, OLD.phone, OLD.outside, '')"
)
_USER = (
    "INSERT INTO directory_formername (person_id, uid, given, family, display, phone, outside, external) "
    "SELECT p.id, '', '', '', '', '', OLD.user_name, OLD.external FROM directory_person p WHERE p.uid = OLD.uid"
)
_KEPT = (("directory_person", _SAID, _PERSON), ("directory_scimuser", ("uid", "user_name", "external"), _USER))


def keep(_apps: Any, schema_editor: Any) -> None:
    """SQLite and PostgreSQL say it differently."""
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table, columns, insert in _KEPT:
        if postgresql:
            changed = " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in columns)
            schema_editor.execute(
                f"CREATE FUNCTION {table}_was() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {insert}; RETURN NEW; END $$",
                params=None,
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_was AFTER UPDATE ON {table} FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION {table}_was()"
            )
        else:
            changed = " OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in columns)
            schema_editor.execute(f"CREATE TRIGGER {table}_was AFTER UPDATE ON {table} WHEN {changed} BEGIN {insert}; END")


class Migration(migrations.Migration):
    dependencies = [("directory", "0006_single_leavers")]

    operations = [
        migrations.CreateModel(
            name="FormerName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(blank=True, max_length=60)),
                ("given", models.CharField(blank=True, max_length=80)),
                ("family", models.CharField(blank=True, max_length=80)),
                ("display", models.CharField(blank=True, max_length=160)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("outside", models.CharField(blank=True, max_length=600)),
                ("external", models.CharField(blank=True, max_length=254)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="former", to="directory.person"),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.RunPython(keep, elidable=False),
    ]
