"""Departments whose files leave without a question, by somebody's decision; those that are there keep it so, undecided (P-22)."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


def keep_as_it_was(apps: Any, _editor: Any) -> None:
    """Files of a department that is there and was never switched on go on leaving without a question, until somebody decides."""
    asked = apps.get_model("holding", "AskedDepartment").objects.values("department")
    unasked = apps.get_model("holding", "UnaskedDepartment")
    for department in apps.get_model("directory", "Department").objects.exclude(pk__in=asked):
        unasked.objects.create(department=department, at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0006_single_leavers"),
        ("holding", "0012_pickup_openings"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnaskedDepartment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=400)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "department",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
            ],
        ),
        migrations.RunPython(keep_as_it_was, migrations.RunPython.noop),
    ]
