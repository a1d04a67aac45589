"""Addresses that people have already, as the personnel feed says."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0007_former_names")]

    operations = [
        migrations.CreateModel(
            name="ReservedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(help_text="lower case", max_length=254, unique=True)),
                ("main", models.BooleanField(default=False)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reserved", to="directory.person"),
                ),
            ],
            options={
                "verbose_name_plural": "reserved addresses",
                "ordering": ["address"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("main", True)), fields=("person",), name="one_main_reserved_address"
                    )
                ],
            },
        ),
    ]
