"""Tables of approvals, quarantine, compromised accounts, appeals and the pick-up portal."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def _step(name: str) -> Any:
    return import_module(f"{__package__}.{name}")


class Migration(migrations.Migration):
    replaces = [
        ("holding", "0001_initial"),
        ("holding", "0002_findings"),
        ("holding", "0003_contests_places"),
        ("holding", "0004_violations"),
        ("holding", "0005_letting_go"),
        ("holding", "0006_contained"),
        ("holding", "0007_approvals"),
        ("holding", "0008_pickups"),
        ("holding", "0009_some_files"),
        ("holding", "0010_account_contained"),
        ("holding", "0011_forwarded"),
        ("holding", "0012_pickup_openings"),
        ("holding", "0013_unasked_departments"),
    ]

    initial = True

    dependencies = [
        ("access", "0018_account_contained"),
        ("conduct", "0002_violations_stay"),
        ("directory", "0006_single_leavers"),
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
                ("client", models.CharField(blank=True, db_index=True, max_length=16)),
                ("place", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answer", "")), fields=("capture", "place"), name="contest_has_its_place"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Heard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=80, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(max_length=36)),
                ("rule", models.CharField(max_length=60)),
                ("condition", models.CharField(blank=True, max_length=16)),
                ("clause", models.CharField(blank=True, max_length=8)),
                ("pseudonym", models.CharField(db_index=True, max_length=12)),
                ("evidence", models.JSONField(default=list)),
                ("copies", models.PositiveIntegerField(default=1)),
                ("received", models.DateTimeField()),
                ("made", models.DateTimeField(db_index=True)),
                ("state", models.CharField(db_index=True, default="open", max_length=10)),
                ("answered", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=400)),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("answer", models.CharField(blank=True, help_text="of the second reviewer, in words", max_length=400)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
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
                "constraints": [
                    models.UniqueConstraint(fields=("capture", "rule"), name="finding_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second__isnull", True), models.Q(("second", models.F("reviewer")), _negated=True), _connector="OR"
                        ),
                        name="finding_has_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("person__isnull", True), ("second__isnull", False), _connector="OR"),
                        name="name_after_second",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Precision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=60)),
                ("condition", models.CharField(blank=True, max_length=16)),
                ("answered", models.PositiveIntegerField(default=0)),
                ("confirmed", models.PositiveIntegerField(default=0)),
                ("off", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("rule", "condition"), name="precision_once")],
            },
        ),
        migrations.CreateModel(
            name="Untold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="directory.person")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "day"), name="untold_once")],
            },
        ),
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
                    "releaser",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
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
                ("asker", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [models.UniqueConstraint(fields=("capture", "asker"), name="verification_asked_once")],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(blank=True, db_index=True, max_length=36)),
                ("draft", models.UUIDField(blank=True, null=True)),
                ("received", models.DateTimeField()),
                ("made", models.DateTimeField(db_index=True)),
                ("parts", models.JSONField(default=list)),
                ("own", models.BooleanField(default=False)),
                ("words", models.CharField(blank=True, max_length=400)),
                ("step", models.PositiveSmallIntegerField(default=0)),
                ("since", models.DateTimeField()),
                ("reminded", models.DateTimeField(blank=True, null=True)),
                ("ends", models.DateTimeField()),
                ("sampled", models.BooleanField(default=False)),
                ("seen", models.DateTimeField(blank=True, null=True)),
                ("seen_why", models.CharField(blank=True, max_length=400)),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("capture", ""), _negated=True), fields=("capture",), name="approval_of_a_message_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("draft__isnull", False)), fields=("draft",), name="approval_of_a_draft_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalCopy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveIntegerField()),
                ("address", models.CharField(max_length=254)),
                ("state", models.CharField(db_index=True, default="waits", max_length=10)),
                ("at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("done", models.DateTimeField(blank=True, null=True)),
                ("kept", models.CharField(blank=True, max_length=200)),
                (
                    "approval",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="copies", to="holding.approval"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                ("without", models.JSONField(blank=True, default=list)),
            ],
            options={
                "ordering": ["index"],
                "constraints": [
                    models.UniqueConstraint(fields=("approval", "index"), name="approval_of_a_copy_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waits", "expired", "gone"]), ("by__isnull", False), _connector="OR"),
                        name="answer_has_a_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AskedDepartment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("asked", models.DateTimeField()),
                ("reason", models.CharField(max_length=400)),
                ("forecast", models.PositiveIntegerField(default=0)),
                ("head_reason", models.CharField(blank=True, max_length=400)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "department",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
                (
                    "head",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StandingApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("series", models.CharField(blank=True, max_length=120)),
                ("domain", models.CharField(blank=True, max_length=253)),
                ("mailbox", models.CharField(blank=True, max_length=254)),
                ("reason", models.CharField(max_length=400)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("asked", models.DateTimeField(blank=True, null=True)),
                ("used", models.PositiveIntegerField(default=0)),
                ("last", models.DateTimeField(blank=True, null=True)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
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
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                ("sender_only", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["-id"],
            },
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
        migrations.CreateModel(
            name="Forwarded",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.CharField(blank=True, max_length=254)),
                ("day", models.DateField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailbox", "day"), name="forwarded_once")],
            },
        ),
        migrations.CreateModel(
            name="PickUpOpening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("client", models.CharField(blank=True, max_length=64)),
                (
                    "pickup",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="opened_from", to="holding.pickup"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="UnaskedDepartment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=400)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "department",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
            ],
        ),
        migrations.RunPython(_step("0013_unasked_departments").keep_as_it_was, elidable=False),
    ]
