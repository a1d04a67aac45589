"""Accounts whose mail waits because they act unlike their owners, and messages whose senders are asked."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_files_until"),
        ("holding", "0005_letting_go"),
    ]

    operations = [
        migrations.CreateModel(
            name="Containment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(db_index=True, max_length=300)),
                ("sign", models.CharField(max_length=12)),
                ("capture", models.CharField(max_length=36)),
                ("made", models.DateTimeField(db_index=True)),
                ("state", models.CharField(db_index=True, default="held", max_length=10)),
                ("rights", models.JSONField(default=list)),
                ("locked", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("released", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=400)),
                ("let", models.JSONField(default=list)),
                ("allowed", models.PositiveIntegerField(default=0)),
                ("allowed_until", models.DateTimeField(blank=True, null=True)),
                (
                    "locker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
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
                (
                    "releaser",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["held", "locked"])), fields=("sender",), name="containment_open_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("index", models.PositiveIntegerField(default=0)),
                ("claimed", models.CharField(max_length=254)),
                ("to", models.CharField(blank=True, max_length=254)),
                ("inside", models.BooleanField(default=False)),
                ("secret", models.CharField(blank=True, max_length=64)),
                ("made", models.DateTimeField(db_index=True)),
                ("until", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="asked", max_length=10)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("said", models.CharField(blank=True, max_length=400)),
                (
                    "asker",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("capture", "asker"), name="verification_asked_once")],
            },
        ),
    ]
