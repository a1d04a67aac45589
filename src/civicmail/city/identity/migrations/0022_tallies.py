"""Sums of departments by month (P-10, P-28)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0021_begun"), ("directory", "0007_former_names")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("what", models.CharField(max_length=24)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("department", "month", "what"), name="tally_once_a_month"),
                ],
            },
        ),
    ]
