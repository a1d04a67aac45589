"""Tables of city/guard, city/identity and city/snapshot, with the triggers that keep rows from being changed (A3, V3)."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def _step(name: str) -> Any:
    return import_module(f"{__package__}.{name}")


class Migration(migrations.Migration):
    replaces = [
        ("access", "0001_initial"),
        ("access", "0002_protect"),
        ("access", "0003_invitation"),
        ("access", "0004_movers"),
        ("access", "0005_followed"),
        ("access", "0006_entries_of_an_object"),
        ("access", "0007_mandates"),
        ("access", "0008_untold"),
        ("access", "0009_entries_found"),
        ("access", "0010_replies"),
        ("access", "0011_tokens_of_the_api"),
        ("access", "0012_bars"),
        ("access", "0013_bars_stay"),
        ("access", "0014_answered"),
        ("access", "0015_hooks"),
        ("access", "0016_letter_keys"),
        ("access", "0017_retrieved"),
        ("access", "0018_account_contained"),
        ("access", "0019_former_names"),
        ("access", "0020_notices_counted"),
        ("access", "0021_begun"),
        ("access", "0022_tallies"),
        ("access", "0023_letters"),
        ("access", "0024_no_replacing"),
        ("access", "0025_throttles"),
        ("access", "0026_identities"),
    ]

    initial = True

    dependencies = [
        ("directory", "0007_former_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(unique=True)),
                ("at", models.BigIntegerField(help_text="ms since 1970")),
                ("act", models.CharField(db_index=True, max_length=40)),
                ("person", models.CharField(help_text="uid, or who acts without one: tick, feed, an OS user", max_length=120)),
                ("duty", models.CharField(blank=True, max_length=24)),
                ("behalf", models.CharField(blank=True, max_length=120)),
                ("object", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("facts", models.JSONField(default=dict)),
                ("client", models.CharField(blank=True, max_length=45)),
                ("head", models.BinaryField()),
            ],
            options={
                "verbose_name_plural": "entries",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["object", "-id"], name="entries_of_an_object"),
                    models.Index(fields=["person", "-id"], name="entries_by_a_person"),
                    models.Index(fields=["behalf", "-id"], name="entries_for_a_person"),
                    models.Index(fields=["act", "at"], name="entries_of_an_act"),
                    models.Index(fields=["at"], name="entries_since"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(unique=True)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(help_text="plain text; empty lines part paragraphs, '# ' starts a heading")),
                ("changed", models.TextField(blank=True, help_text="what is new, in words")),
                ("sha256", models.CharField(max_length=64)),
                ("material", models.BooleanField(default=True)),
                ("published", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveBigIntegerField(default=0)),
                ("at", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=120, unique=True)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("epoch", models.PositiveIntegerField(default=1)),
                ("is_active", models.BooleanField(default=True)),
                ("locked", models.DateTimeField(blank=True, null=True)),
                ("made", models.DateTimeField()),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="account", to="directory.person"
                    ),
                ),
                ("letter_keys", models.BooleanField(default=False)),
                ("contained", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Carried",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="carried",
                        serialize=False,
                        to="access.entry",
                    ),
                ),
                ("journal", models.CharField(max_length=40)),
                ("number", models.BigIntegerField()),
                ("at", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ConflictRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.CharField(max_length=24)),
                ("second", models.CharField(max_length=24)),
                ("control", models.TextField(help_text="the compensating control")),
                ("until", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="conflicts", to="directory.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RoleAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(db_column="duty", max_length=24)),
                ("starts", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("reason", models.CharField(max_length=400)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="role_assignments",
                        to="directory.department",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="roles", to="directory.person"),
                ),
            ],
            options={
                "db_table": "access_dutygrant",
                "constraints": [models.CheckConstraint(condition=models.Q(("until__gt", models.F("starts"))), name="duty_ends")],
            },
        ),
        migrations.CreateModel(
            name="RoleActivation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=400)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("laid_down", models.DateTimeField(blank=True, null=True)),
                (
                    "grant",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="access.roleassignment"),
                ),
            ],
            options={"db_table": "access_dutyuse"},
        ),
        migrations.CreateModel(
            name="Ending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=400)),
                ("when", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("asked", models.DateTimeField()),
                ("done", models.DateTimeField(blank=True, null=True)),
                (
                    "episode",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="directory.episode"),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="endings", to="directory.person"),
                ),
                (
                    "successor",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("episode",), name="one_ending_of_an_episode")],
            },
        ),
        migrations.CreateModel(
            name="EndingStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=24)),
                ("count", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField()),
                (
                    "ending",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="access.ending"),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("ending", "step"), name="step_once")],
            },
        ),
        migrations.CreateModel(
            name="Failure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("login", models.CharField(help_text="SHA-256 of what was typed", max_length=64)),
                ("door", models.CharField(max_length=12)),
                ("client", models.CharField(max_length=45)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="failures",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonalUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.CharField(blank=True, max_length=120)),
                ("limits", models.TextField(help_text="in words")),
                ("starts", models.DateField()),
                ("until", models.DateField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="personal_use", to="directory.department"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="personal_use",
                        to="directory.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("accepted", models.BooleanField()),
                ("shown", models.CharField(help_text="SHA-256 of the text shown", max_length=64)),
                ("at", models.DateTimeField()),
                ("how", models.CharField(default="page", max_length=8)),
                ("reference", models.CharField(blank=True, max_length=200)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acknowledgements", to="directory.person"
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="acknowledgements", to="access.policytext"
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="Profile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.CharField(max_length=120)),
                ("version", models.PositiveIntegerField(default=1)),
                ("duties", models.TextField()),
                ("performance", models.TextField()),
                ("efficiency", models.TextField()),
                ("service", models.TextField()),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="profiles", to="directory.department"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("department", "position", "version"), name="profile_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Authorization",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(default="holder", max_length=10)),
                ("duties", models.TextField()),
                ("performance", models.TextField()),
                ("efficiency", models.TextField()),
                ("service", models.TextField()),
                ("asked", models.DateTimeField()),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("starts", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField()),
                ("state", models.CharField(db_index=True, default="asked", max_length=10)),
                ("since", models.DateTimeField(help_text="in this state")),
                ("why", models.CharField(blank=True, help_text="of the last change of state", max_length=400)),
                ("cost", models.PositiveIntegerField(default=0, help_text="cents a year")),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        help_text="owner when it was asked",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorizations",
                        to="directory.department",
                    ),
                ),
                (
                    "episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="authorizations", to="directory.episode"
                    ),
                ),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="authorizations", to="directory.mailbox"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="authorizations", to="directory.person"
                    ),
                ),
                (
                    "requester",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
                (
                    "profile",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="authorizations",
                        to="access.profile",
                    ),
                ),
            ],
            options={
                "db_table": "access_authorisation",
                "ordering": ["-asked"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True),
                            models.Q(
                                models.Q(("approver", models.F("person")), _negated=True),
                                models.Q(("approver", models.F("requester")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="approver_is_somebody_else",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "approved", "active", "suspended"])),
                        fields=("mailbox", "person", "department"),
                        name="one_living_authorisation",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mac", models.CharField(max_length=64, unique=True)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("used", models.DateTimeField(blank=True, null=True)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to="directory.person"),
                ),
                ("name", models.CharField(blank=True, max_length=80)),
                ("scopes", models.JSONField(default=list, help_text="empty: for the command line")),
                ("epoch", models.PositiveIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("sent", models.PositiveIntegerField(default=0)),
                ("received", models.PositiveIntegerField(default=0)),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="usage", to="directory.mailbox"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage",
                        to="directory.person",
                    ),
                ),
                ("retrieved", models.PositiveIntegerField(default=0)),
                ("notices", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailbox", "person", "day"), name="usage_once_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="its public id, in envelopes and entries", max_length=12, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("mac", models.CharField(max_length=64)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("used", models.DateTimeField(blank=True, null=True)),
                ("used_from", models.CharField(blank=True, max_length=45)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "machine",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to="directory.mailbox",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="devices",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("machine__isnull", True), ("person__isnull", False)),
                            models.Q(("machine__isnull", False), ("person__isnull", True)),
                            _connector="OR",
                        ),
                        name="device_of_one",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mac", models.CharField(max_length=64, unique=True)),
                ("recovery", models.BooleanField(default=False)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("used", models.DateTimeField(blank=True, null=True)),
                ("ended", models.DateTimeField(blank=True, null=True)),
                ("by", models.CharField(max_length=120)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("second", models.CharField(blank=True, max_length=64)),
                ("whole", models.BooleanField(default=False)),
                ("handed", models.DateTimeField(blank=True, null=True)),
                ("handed_by", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=400)),
            ],
        ),
        migrations.CreateModel(
            name="Followed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=40, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
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
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
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
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
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
        migrations.CreateModel(
            name="Untold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.BigIntegerField(help_text="ms since 1970")),
                ("people", models.JSONField(default=list)),
                ("mailboxes", models.JSONField(default=list)),
                ("whole", models.BooleanField(default=False)),
                ("waits", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="AutoReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(default="own", max_length=4)),
                ("text", models.TextField()),
                ("outside", models.TextField(blank=True)),
                ("starts", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("made", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="directory.mailbox"),
                ),
            ],
            options={
                "verbose_name_plural": "auto-replies",
                "ordering": ["-made"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended__isnull", True)), fields=("mailbox",), name="one_reply_of_a_mailbox"
                    ),
                    models.CheckConstraint(condition=models.Q(("until__gt", models.F("starts"))), name="reply_ends"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Forwarding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("made", models.DateTimeField()),
                ("ended", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="forwardings", to="directory.mailbox"
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="forwarded", to="directory.mailbox"
                    ),
                ),
            ],
            options={
                "ordering": ["-made"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended__isnull", True)), fields=("mailbox",), name="one_way_on_of_a_mailbox"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("mailbox", models.F("to")), _negated=True), name="goes_on_elsewhere"
                    ),
                ],
            },
        ),
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
        migrations.CreateModel(
            name="HeardForAnswers",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=40, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Answered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=64)),
                ("capture", models.CharField(max_length=36)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="answered", to="directory.mailbox"),
                ),
            ],
            options={
                "verbose_name_plural": "answered",
                "constraints": [models.UniqueConstraint(fields=("mailbox", "sender"), name="mailbox_answers_once")],
            },
        ),
        migrations.CreateModel(
            name="Hook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True)),
                ("position", models.BigIntegerField(default=0)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("due", models.BigIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("told", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="HookTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry", models.BigIntegerField()),
                ("hook", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="passed", to="access.hook")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("hook", "entry"), name="entry_told_once")],
            },
        ),
        migrations.CreateModel(
            name="Begun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(unique=True)),
                ("at", models.BigIntegerField(help_text="ms since 1970")),
                ("plain", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("what", models.CharField(max_length=24)),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "department",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.department"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("department", "month", "what"), name="tally_once_a_month")],
            },
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network", models.CharField(max_length=43)),
                ("last", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("account", "network"), name="place_once")],
            },
        ),
        migrations.CreateModel(
            name="AccountNews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("what", models.CharField(blank=True, max_length=120)),
                ("at", models.DateTimeField()),
                ("told", models.DateTimeField(blank=True, db_index=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="account_news", to="directory.person"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "account news",
            },
        ),
        migrations.CreateModel(
            name="Throttle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("login", models.CharField(blank=True, max_length=64)),
                ("network", models.CharField(blank=True, max_length=43)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("streak", models.PositiveIntegerField(default=0)),
                ("last", models.DateTimeField(db_index=True)),
                ("until", models.DateTimeField(blank=True, db_index=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="throttles",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "login", "network"), name="throttle_once")],
            },
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=400)),
                ("subject", models.CharField(max_length=255)),
                ("since", models.DateTimeField()),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="identity", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "identities",
                "constraints": [models.UniqueConstraint(fields=("provider", "subject"), name="identity_once")],
            },
        ),
        migrations.RunPython(_step("0002_protect").protect, elidable=False),
        migrations.RunPython(_step("0013_bars_stay").protect, elidable=False),
        migrations.RunPython(_step("0024_no_replacing").protect, elidable=False),
    ]
