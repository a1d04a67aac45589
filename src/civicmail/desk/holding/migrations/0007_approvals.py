"""Files that wait for a manager, and what may leave without a question."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_files_until"),
        ("holding", "0006_contained"),
    ]

    operations = [
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
            ],
            options={
                "ordering": ["index"],
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
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("capture", ""), _negated=True), fields=("capture",), name="approval_of_a_message_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                condition=models.Q(("draft__isnull", False)), fields=("draft",), name="approval_of_a_draft_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalcopy",
            constraint=models.UniqueConstraint(fields=("approval", "index"), name="approval_of_a_copy_once"),
        ),
        migrations.AddConstraint(
            model_name="approvalcopy",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waits", "expired", "gone"]), ("by__isnull", False), _connector="OR"),
                name="answer_has_a_person",
            ),
        ),
    ]
