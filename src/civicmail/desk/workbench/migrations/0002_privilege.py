"""Addresses with which mail is privileged, and messages that the city attorney is asked to clear."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0027_preferences"),
        ("directory", "0009_routed"),
        ("workbench", "0001_exports"),
    ]

    operations = [
        migrations.CreateModel(
            name="PrivilegedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(db_index=True, max_length=254)),
                ("kind", models.CharField(max_length=10)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("by", models.CharField(help_text="uid of the person who added it", max_length=40)),
                ("since", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, db_index=True, null=True)),
            ],
            options={
                "ordering": ["address"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended__isnull", True)), fields=("address",), name="workbench_one_privileged_address"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Clearance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(max_length=32)),
                ("kinds", models.JSONField(default=list)),
                ("made", models.DateTimeField()),
                ("reason", models.CharField(max_length=400)),
                ("state", models.CharField(db_index=True, default="asked", max_length=10)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=400)),
                (
                    "attorney",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="clearances", to="access.mandate"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="who asked", on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("mandate", "capture"), name="workbench_one_clearance")],
            },
        ),
    ]
