"""Tables of the rule set, its versions, replays and emergency rules."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("oversight", "0001_rule_book"), ("oversight", "0002_announced")]

    initial = True

    dependencies = [
        ("directory", "0002_services"),
    ]

    operations = [
        migrations.CreateModel(
            name="Book",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("text", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("cause", models.CharField(max_length=400)),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Counted",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=80, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Hits",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=60)),
                ("day", models.DateField()),
                ("how", models.CharField(max_length=10)),
                ("copies", models.BigIntegerField(default=0)),
                ("overridden", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["-day", "rule"],
                "constraints": [models.UniqueConstraint(fields=("rule", "day", "how"), name="hits_once")],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=60)),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField()),
                ("revision", models.PositiveIntegerField(default=1)),
                ("authors", models.JSONField(default=list)),
                ("made", models.DateTimeField()),
                ("changed", models.CharField(blank=True, max_length=400)),
                ("ends", models.BooleanField(default=False)),
                ("starts", models.DateTimeField(blank=True, null=True)),
                ("proposed", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, help_text="of the proposal", max_length=400)),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("activated", models.DateTimeField(blank=True, null=True)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("state", models.CharField(db_index=True, default="draft", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("why", models.CharField(blank=True, help_text="of the last change of state", max_length=400)),
                ("clause", models.CharField(blank=True, max_length=8)),
                ("owner", models.CharField(blank=True, max_length=120)),
                ("severity", models.CharField(blank=True, max_length=12)),
                ("mode", models.CharField(blank=True, max_length=10)),
                ("do", models.CharField(blank=True, max_length=12)),
                ("expires", models.DateField(blank=True, null=True)),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        help_text="none: the starter pack",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                ("announced", models.DateTimeField(blank=True, help_text="all of them were told", null=True)),
                (
                    "told",
                    models.BigIntegerField(default=0, help_text="up to which authorization employees were told what it will do"),
                ),
            ],
            options={
                "ordering": ["rule", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "number"), name="version_once"),
                    models.UniqueConstraint(condition=models.Q(("state", "active")), fields=("rule",), name="one_active_version"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["approved", "draft", "proposed", "tested"])),
                        fields=("rule",),
                        name="one_open_version",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True),
                            ("author__isnull", True),
                            models.Q(("approver", models.F("author")), _negated=True),
                            _connector="OR",
                        ),
                        name="rule_has_two_people",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Replay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("query", models.CharField(blank=True, max_length=1000)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("asked", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="waiting", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("found", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("mark", models.CharField(blank=True, max_length=40)),
                ("took", models.BigIntegerField(default=0, help_text="ms of work")),
                ("result", models.JSONField(default=dict)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "version",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="replays", to="oversight.version"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Emergency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("value", models.CharField(max_length=300)),
                ("do", models.CharField(max_length=12)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("ratify_by", models.DateTimeField()),
                ("ratified", models.CharField(db_index=True, default="due", max_length=10)),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("ended", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("why", models.CharField(blank=True, help_text="of its end", max_length=400)),
                ("touched", models.BigIntegerField(default=0)),
                ("gone_on", models.BigIntegerField(default=0, help_text="copies that went on after its end, so far")),
                ("released", models.BooleanField(default=False, help_text="nothing that it held is left")),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "officer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True), models.Q(("approver", models.F("officer")), _negated=True), _connector="OR"
                        ),
                        name="emergency_has_two_people",
                    ),
                    models.CheckConstraint(condition=models.Q(("until__gt", models.F("at"))), name="emergency_ends"),
                ],
            },
        ),
    ]
