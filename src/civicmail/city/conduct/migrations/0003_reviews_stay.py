"""Reviews stay: nothing of them is ever removed, what was asked is never changed, and nothing at all once a review is closed (R14)."""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLES = ("conduct_review", "conduct_reviewpart", "conduct_reviewrow", "conduct_reviewstep")
ASKED = "review_id, person_id, right_id, duty_id, asked, exceptions, changed, essential, approver_id"
_PARTS = ("conduct_reviewpart", "conduct_reviewrow")
_SAID = "{table} is evidence and stays (R14)"
_CLOSED = "(SELECT state FROM conduct_review WHERE id = OLD.review_id) = 'closed'"


def protect(_apps: Any, schema_editor: Any) -> None:
    """SQLite and PostgreSQL say it differently; both refuse it to everybody."""
    if schema_editor.connection.vendor == "postgresql":
        _postgresql(schema_editor)
        return
    for table in TABLES:
        _sqlite(schema_editor, table, f"{table}_stays", "DELETE", "")
    _sqlite(schema_editor, "conduct_reviewstep", "conduct_reviewstep_as_it_was", "UPDATE", "")
    _sqlite(schema_editor, "conduct_reviewrow", "conduct_reviewrow_as_asked", f"UPDATE OF {ASKED}", "")
    _sqlite(schema_editor, "conduct_review", "conduct_review_closed", "UPDATE", "WHEN OLD.state = 'closed'")
    for table in _PARTS:
        _sqlite(schema_editor, table, f"{table}_closed", "UPDATE", f"WHEN {_CLOSED}")


def _sqlite(schema_editor: Any, table: str, name: str, event: str, when: str) -> None:
    said = _SAID.format(table=table)
    schema_editor.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{said}'); END")


def _postgresql(schema_editor: Any) -> None:
    refuse = "RAISE EXCEPTION '% is evidence and stays (R14)', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"
    schema_editor.execute(
        f"CREATE FUNCTION conduct_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} END $$", params=None
    )
    schema_editor.execute(
        "CREATE FUNCTION conduct_closed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {_CLOSED} THEN {refuse} END IF; RETURN NEW; END $$",
        params=None,
    )
    for table in TABLES:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION conduct_stays()"
        )
    schema_editor.execute(
        "CREATE TRIGGER conduct_reviewstep_as_it_was BEFORE UPDATE ON conduct_reviewstep "
        "FOR EACH STATEMENT EXECUTE FUNCTION conduct_stays()"
    )
    schema_editor.execute(
        f"CREATE TRIGGER conduct_reviewrow_as_asked BEFORE UPDATE OF {ASKED} ON conduct_reviewrow "
        "FOR EACH STATEMENT EXECUTE FUNCTION conduct_stays()"
    )
    schema_editor.execute(
        "CREATE TRIGGER conduct_review_closed BEFORE UPDATE ON conduct_review FOR EACH ROW WHEN (OLD.state = 'closed') "
        "EXECUTE FUNCTION conduct_stays()"
    )
    for table in _PARTS:
        schema_editor.execute(
            f"CREATE TRIGGER {table}_closed BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION conduct_closed()"
        )


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("conduct", "0002_violations_stay")]
    operations = [migrations.RunPython(protect, elidable=False)]
