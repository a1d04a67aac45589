"""Exports under a mandate."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One table."""

    initial = True

    dependencies = [
        ("access", "0007_mandates"),
        ("directory", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("query", models.TextField(blank=True)),
                ("asked", models.DateTimeField()),
                ("entry", models.CharField(help_text="where its entry stands", max_length=60)),
                ("state", models.CharField(db_index=True, default="waiting", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("found", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0, help_text="bytes of the file")),
                ("manifest", models.CharField(blank=True, max_length=64)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, help_text="of its end", max_length=400)),
                (
                    "mandate",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="exports", to="access.mandate"),
                ),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
    ]
