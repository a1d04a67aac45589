"""What opens a sign-in comes in two halves (P-07); links that were shown to whoever asked for them open nothing any more."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def keep_those_of_the_command_line(apps: Any, _editor: Any) -> None:
    apps.get_model("access", "Invitation").objects.filter(by__startswith="os:").update(whole=True)


class Migration(migrations.Migration):
    dependencies = [("access", "0022_tallies"), ("directory", "0007_former_names")]

    operations = [
        migrations.AddField(
            "invitation", "second", models.CharField(max_length=64, blank=True, default=""), preserve_default=False
        ),
        migrations.AddField("invitation", "whole", models.BooleanField(default=False)),
        migrations.AddField("invitation", "handed", models.DateTimeField(null=True, blank=True)),
        migrations.AddField(
            "invitation", "handed_by", models.CharField(max_length=120, blank=True, default=""), preserve_default=False
        ),
        migrations.AddField(
            "invitation", "reason", models.CharField(max_length=400, blank=True, default=""), preserve_default=False
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network", models.CharField(max_length=43)),
                ("last", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="places", to="access.account"),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("account", "network"), name="place_once")]},
        ),
        migrations.CreateModel(
            name="AccountNews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("what", models.CharField(max_length=120, blank=True)),
                ("at", models.DateTimeField()),
                ("told", models.DateTimeField(null=True, blank=True, db_index=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="account_news", to="directory.person"
                    ),
                ),
            ],
            options={"verbose_name_plural": "account news"},
        ),
        migrations.RunPython(keep_those_of_the_command_line, migrations.RunPython.noop),
    ]
