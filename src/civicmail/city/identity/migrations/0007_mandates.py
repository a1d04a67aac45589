"""Mandates, whom they are about, how they were changed, and whose mail is protected."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Five tables."""

    dependencies = [
        ("access", "0006_entries_of_an_object"),
        ("directory", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MandateYear",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Mandate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=12, unique=True)),
                ("ground", models.CharField(max_length=12)),
                ("role", models.CharField(db_column="duty", max_length=24)),
                ("departments", models.JSONField(default=list)),
                ("reason", models.TextField()),
                ("words", models.CharField(blank=True, max_length=1000)),
                ("first", models.BigIntegerField(blank=True, null=True)),
                ("last", models.BigIntegerField(blank=True, null=True)),
                ("boxes", models.JSONField(default=list)),
                ("custodians", models.JSONField(default=list)),
                ("days", models.PositiveSmallIntegerField(default=14)),
                ("protected", models.JSONField(default=list, help_text="classes that it touches")),
                ("urgent", models.BooleanField(default=False)),
                ("sealed", models.BooleanField(default=False, help_text="its looks are never shown to whom it is about")),
                ("asked", models.DateTimeField()),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("starts", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("ratify_by", models.DateTimeField(blank=True, help_text="of an urgent one", null=True)),
                (
                    "ratified",
                    models.CharField(blank=True, help_text="of an urgent one: due, ratified, rejected, overdue", max_length=10),
                ),
                ("state", models.CharField(db_index=True, default="asked", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("why", models.CharField(blank=True, help_text="of the last change of state", max_length=400)),
                ("finding", models.TextField(blank=True, help_text="with which it was closed")),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mandates",
                        to="directory.department",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="mandates", to="directory.person"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True), models.Q(("approver", models.F("person")), _negated=True), _connector="OR"
                        ),
                        name="mandate_has_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True),
                            models.Q(("starts__isnull", False), ("until__gt", models.F("starts"))),
                            _connector="OR",
                        ),
                        name="mandate_ends",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "mandate",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="subjects", to="access.mandate"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="subject_of", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["person__family", "person__given", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)), fields=("mandate", "person"), name="subject_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("people", models.JSONField(default=list, help_text="uids")),
                ("words", models.CharField(blank=True, max_length=1000)),
                ("first", models.BigIntegerField(blank=True, null=True)),
                ("last", models.BigIntegerField(blank=True, null=True)),
                ("days", models.PositiveSmallIntegerField()),
                ("reason", models.TextField()),
                ("wider", models.BooleanField()),
                ("asked", models.DateTimeField()),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("state", models.CharField(db_index=True, default="asked", max_length=10)),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "mandate",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="amendments", to="access.mandate"),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "asked")), fields=("mandate",), name="one_open_amendment")
                ],
            },
        ),
        migrations.CreateModel(
            name="Protection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("approves", models.BooleanField(default=False)),
                ("by", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protections",
                        to="directory.department",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="protections",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("department__isnull", True), ("person__isnull", False)),
                            models.Q(("approves", False), ("department__isnull", False), ("person__isnull", True)),
                            _connector="OR",
                        ),
                        name="protection_of_one",
                    )
                ],
            },
        ),
    ]
