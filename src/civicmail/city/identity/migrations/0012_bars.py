"""Bars that follow a person, and what agencies have bound themselves to."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0011_tokens_of_the_api"),
        ("directory", "0003_outside"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bar",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("origin", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(max_length=400)),
                ("asked", models.DateTimeField(blank=True, null=True)),
                ("law", models.CharField(blank=True, help_text="by which it shall end before its time", max_length=300)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("ended_why", models.CharField(blank=True, max_length=400)),
                (
                    "asker",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "ender",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                ("first", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="bars", to="directory.person"),
                ),
                (
                    "second",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["person", "ended"], name="bars_of_a_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "permanent"), _negated=True),
                            models.Q(("second__isnull", False), models.Q(("second", models.F("first")), _negated=True)),
                            _connector="OR",
                        ),
                        name="permanent_takes_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "permanent"), _negated=True),
                            ("ended__isnull", True),
                            models.Q(
                                ("asker__isnull", False),
                                ("ender__isnull", False),
                                models.Q(("asker", models.F("ender")), _negated=True),
                                models.Q(("law", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="permanent_ends_by_two",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended__isnull", True), ("kind", "permanent")),
                        fields=("person",),
                        name="one_permanent_bar",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Undertaking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("how", models.CharField(max_length=8)),
                ("reference", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="undertakings", to="directory.agency"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="undertakings", to="access.policytext"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "constraints": [models.UniqueConstraint(fields=("agency", "text"), name="undertaking_once")],
            },
        ),
    ]
