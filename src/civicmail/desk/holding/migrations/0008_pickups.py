"""Messages that wait in the pick-up portal, and what their readers answer there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_files_until"),
        ("holding", "0007_approvals"),
    ]

    operations = [
        migrations.CreateModel(
            name="PickUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("box", models.CharField(max_length=32, unique=True)),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("index", models.PositiveIntegerField()),
                ("to", models.CharField(max_length=254)),
                ("sender", models.CharField(max_length=254)),
                ("made", models.DateTimeField(db_index=True)),
                ("until", models.DateTimeField(db_index=True)),
                ("state", models.CharField(db_index=True, default="waits", max_length=10)),
                ("token", models.CharField(max_length=64, unique=True)),
                ("secret", models.CharField(blank=True, max_length=200)),
                ("by", models.CharField(blank=True, max_length=6)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("opened", models.DateTimeField(blank=True, null=True)),
                ("openings", models.PositiveIntegerField(default=0)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="PickUpReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(blank=True)),
                ("subject", models.CharField(blank=True, max_length=250)),
                ("message_id", models.CharField(blank=True, max_length=998)),
                ("made", models.DateTimeField()),
                ("sent", models.DateTimeField(blank=True, db_index=True, null=True)),
                (
                    "pickup",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="replies", to="holding.pickup"),
                ),
            ],
        ),
    ]
