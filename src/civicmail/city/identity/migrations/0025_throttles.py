"""Wrong passwords lock nobody any more (P-07): what they had locked opens; what an officer locked stays."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def free_those_that_failures_locked(apps: Any, _editor: Any) -> None:
    """Whoever was locked by failures has the entry of the machine of that very moment."""
    entry = apps.get_model("access", "Entry")
    for account in apps.get_model("access", "Account").objects.filter(locked__isnull=False).select_related("person"):
        at = round(account.locked.timestamp() * 1000)
        by_failures = entry.objects.filter(act="account.locked", object=f"person:{account.person.uid}", at__range=(at - 1, at + 1))
        if by_failures.exists():
            account.locked = None
            account.save(update_fields=["locked"])


class Migration(migrations.Migration):
    dependencies = [("access", "0024_no_replacing")]

    operations = [
        migrations.CreateModel(
            name="Throttle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("login", models.CharField(blank=True, max_length=64)),
                ("network", models.CharField(blank=True, max_length=43)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("streak", models.PositiveIntegerField(default=0)),
                ("last", models.DateTimeField(db_index=True)),
                ("until", models.DateTimeField(blank=True, db_index=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="throttles",
                        to="access.account",
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("kind", "login", "network"), name="throttle_once")]},
        ),
        migrations.RunPython(free_those_that_failures_locked, migrations.RunPython.noop),
    ]
