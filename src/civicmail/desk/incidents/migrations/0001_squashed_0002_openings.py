"""Tables of reported mail, incidents, message removal and openings of links."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("incidents", "0001_initial"), ("incidents", "0002_openings")]

    initial = True

    dependencies = [
        ("directory", "0005_files_until"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=80, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("known", models.BooleanField(default=True)),
                ("text", models.CharField(max_length=64)),
                ("sender", models.CharField(blank=True, max_length=254)),
                ("proposed", models.CharField(blank=True, max_length=200)),
                ("outside", models.PositiveIntegerField(default=0)),
                ("made", models.DateTimeField(db_index=True)),
                ("state", models.CharField(db_index=True, default="open", max_length=10)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "open")), fields=("text",), name="case_open_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state", "open"), ("person__isnull", False), _connector="OR"), name="case_has_answerer"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=8)),
                ("value", models.CharField(max_length=400)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="marks", to="incidents.case")),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "value"], name="mark_by_value")],
                "constraints": [models.UniqueConstraint(fields=("case", "kind", "value"), name="mark_once")],
            },
        ),
        migrations.CreateModel(
            name="Pull",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("query", models.CharField(blank=True, max_length=400)),
                ("total", models.PositiveIntegerField()),
                ("state", models.CharField(db_index=True, max_length=10)),
                ("why", models.CharField(max_length=400)),
                ("made", models.DateTimeField()),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=400)),
                ("finished", models.DateTimeField(blank=True, null=True)),
                ("undone_why", models.CharField(blank=True, max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="pulls", to="incidents.case")),
                (
                    "second",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second__isnull", True), models.Q(("second", models.F("by")), _negated=True), _connector="OR"
                        ),
                        name="pull_has_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("total__lte", 50), ("state", "asked"), ("second__isnull", False), _connector="OR"),
                        name="pull_above_fifty_has_second",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pulled",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(max_length=36)),
                ("index", models.PositiveIntegerField()),
                ("mailbox", models.CharField(max_length=254)),
                ("state", models.CharField(db_index=True, default="waits", max_length=10)),
                ("tried", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                (
                    "pull",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="copies", to="incidents.pull"),
                ),
            ],
            options={
                "ordering": ["mailbox", "id"],
                "constraints": [models.UniqueConstraint(fields=("pull", "capture", "index"), name="pulled_once")],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(max_length=36)),
                ("how", models.CharField(max_length=8)),
                ("made", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="incidents.case"),
                ),
                (
                    "reporter",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("case", "reporter"), name="report_once")],
            },
        ),
        migrations.CreateModel(
            name="Opening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("index", models.PositiveIntegerField()),
                ("mailbox", models.CharField(max_length=254)),
                ("host", models.CharField(db_index=True, max_length=253)),
                ("made", models.DateTimeField()),
                ("told", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("capture", "index", "host"), name="opening_once")],
            },
        ),
    ]
