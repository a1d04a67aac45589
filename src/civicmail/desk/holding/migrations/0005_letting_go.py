"""What people ask to have let go, and when they hear of what is kept back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_files_until"),
        ("holding", "0004_violations"),
    ]

    operations = [
        migrations.CreateModel(
            name="Digest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.CharField(default="daily", max_length=10)),
                ("hour", models.PositiveSmallIntegerField(default=7)),
                ("told", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="directory.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("copies", models.JSONField(default=list)),
                ("kind", models.CharField(max_length=12)),
                ("rules", models.CharField(max_length=400)),
                ("malware", models.JSONField(default=list)),
                ("sender", models.BooleanField(default=False)),
                ("why", models.CharField(max_length=400)),
                ("made", models.DateTimeField(db_index=True)),
                ("state", models.CharField(db_index=True, default="asked", max_length=10)),
                ("agreed", models.DateTimeField(blank=True, null=True)),
                ("first_why", models.CharField(blank=True, max_length=400)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, max_length=400)),
                ("let", models.PositiveIntegerField(default=0)),
                (
                    "first",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "agreed"])),
                        fields=("capture", "requester"),
                        name="release_asked_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first__isnull", True), models.Q(("first", models.F("requester")), _negated=True), _connector="OR"
                        ),
                        name="release_not_for_oneself",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first__isnull", True),
                            ("person__isnull", True),
                            models.Q(("first", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="release_has_two_people",
                    ),
                ],
            },
        ),
    ]
