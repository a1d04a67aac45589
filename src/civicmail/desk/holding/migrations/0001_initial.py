"""The table as it was at first."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("directory", "0003_outside"),
    ]

    operations = [
        migrations.CreateModel(
            name="Contest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("rules", models.CharField(max_length=400)),
                ("text", models.TextField()),
                ("contact", models.CharField(blank=True, max_length=254)),
                ("made", models.DateTimeField()),
                ("answer", models.CharField(blank=True, db_index=True, max_length=10)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
    ]
