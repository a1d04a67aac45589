"""What stays cannot be replaced either: see the migration of the same name in city/identity (V1, R14, P-08)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.db import migrations

TABLES = {
    "conduct_violation": (("id", ""), ("origin", "{row}.origin <> ''")),
    "conduct_evidence": (("id", ""), ("violation_id, capture", "")),
    "conduct_review": (("id", ""), ("former_id", ""), ("key", "")),
    "conduct_reviewpart": (("id", ""),),
    "conduct_reviewrow": (("id", ""), ("review_id, duty_id", ""), ("review_id, right_id", "")),
    "conduct_reviewstep": (("id", ""),),
    "conduct_leaver": (("id", ""), ("ending_id", "")),
    "conduct_closure": (("id", ""), ("mailbox_id", "{row}.state NOT IN ('closed', 'dropped')")),
    "conduct_outsideending": (("id", ""), ("account_id, ending_id", ""), ("key", "")),
    "conduct_outsideaccount": (("id", ""), ("door_id, episode_id", "{row}.ended IS NULL")),
}
_GUARDED = import_module("civicmail.city.identity.migrations.0024_no_replacing")


def protect(_apps: Any, schema_editor: Any) -> None:
    """Both databases, each in its way."""
    _GUARDED.guard(schema_editor, TABLES)


class Migration(migrations.Migration):
    """Once protected it stays: there is no way back."""

    dependencies = [("access", "0024_no_replacing"), ("conduct", "0004_certificates_stay")]
    operations = [migrations.RunPython(protect, elidable=False)]
