"""The tables as they were at first."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("directory", "0001_initial"),
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
            options={"db_table": "access_dutygrant"},
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
            ],
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
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.CheckConstraint(condition=models.Q(("until__gt", models.F("starts"))), name="duty_ends"),
        ),
        migrations.AddConstraint(
            model_name="ending",
            constraint=models.UniqueConstraint(fields=("episode",), name="one_ending_of_an_episode"),
        ),
        migrations.AddConstraint(
            model_name="endingstep",
            constraint=models.UniqueConstraint(fields=("ending", "step"), name="step_once"),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(fields=("department", "position", "version"), name="profile_version_once"),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "approved", "active", "suspended"])),
                fields=("mailbox", "person"),
                name="one_living_authorisation",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorization",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="usage",
            constraint=models.UniqueConstraint(fields=("mailbox", "person", "day"), name="usage_once_a_day"),
        ),
    ]
