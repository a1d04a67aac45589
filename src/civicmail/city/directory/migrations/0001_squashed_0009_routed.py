"""Tables of people, departments, agencies, mailboxes and feeds, with the triggers that keep former names (P-30)."""

from importlib import import_module
from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def _step(name: str) -> Any:
    return import_module(f"{__package__}.{name}")


class Migration(migrations.Migration):
    replaces = [
        ("directory", "0001_initial"),
        ("directory", "0002_services"),
        ("directory", "0003_outside"),
        ("directory", "0004_feeds"),
        ("directory", "0005_files_until"),
        ("directory", "0006_single_leavers"),
        ("directory", "0007_former_names"),
        ("directory", "0008_reserved_addresses"),
        ("directory", "0009_routed"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("contact", models.CharField(blank=True, max_length=200)),
                ("suspended", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "agencies",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="FeedRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("source", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("by", models.CharField(max_length=120)),
                ("reason", models.CharField(blank=True, max_length=400)),
                ("brake", models.CharField(blank=True, max_length=400)),
                ("day", models.DateField(blank=True, null=True)),
                ("decided", models.DateTimeField(blank=True, null=True)),
                ("kind", models.CharField(default="file", max_length=8)),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "live")), fields=("day",), name="one_live_run_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(max_length=60, unique=True)),
                ("given", models.CharField(blank=True, max_length=80)),
                ("family", models.CharField(max_length=80)),
                ("display", models.CharField(help_text="as it stands in From (P-14)", max_length=160)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("language", models.CharField(default="en", max_length=12)),
                (
                    "outside",
                    models.CharField(blank=True, help_text="own addresses elsewhere, a blank between them (P-11)", max_length=600),
                ),
            ],
            options={
                "verbose_name_plural": "people",
                "ordering": ["family", "given"],
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=60)),
                ("starts", models.DateField()),
                ("ends", models.DateField()),
                (
                    "agency",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="contracts", to="directory.agency"),
                ),
                (
                    "sponsor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sponsors",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "number"), name="contract_number_once"),
                    models.CheckConstraint(condition=models.Q(("ends__gte", models.F("starts"))), name="contract_ends_after_start"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("mailbox_cost", models.PositiveIntegerField(default=0, help_text="cents a year for one mailbox")),
                ("closed", models.DateField(blank=True, null=True)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="divisions",
                        to="directory.department",
                    ),
                ),
                ("deputies", models.ManyToManyField(blank=True, related_name="deputy_of", to="directory.person")),
                (
                    "head",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="heads",
                        to="directory.person",
                    ),
                ),
                ("routed", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="FeedLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.PositiveIntegerField(default=0)),
                ("uid", models.CharField(blank=True, max_length=60)),
                ("did", models.CharField(max_length=8)),
                ("changes", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "run",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="directory.feedrun"),
                ),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("alone", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(condition=models.Q(("at__isnull", False)), fields=["did", "at"], name="lines_as_they_came")
                ],
            },
        ),
        migrations.CreateModel(
            name="Mailbox",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(help_text="lower case", max_length=254, unique=True)),
                ("name", models.CharField(max_length=160)),
                (
                    "kind",
                    models.CharField(
                        choices=[("personal", "Personal"), ("function", "Function"), ("service", "Service")], max_length=10
                    ),
                ),
                ("made", models.DateTimeField()),
                ("closed", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="mailboxes", to="directory.department"
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mailboxes",
                        to="directory.person",
                    ),
                ),
                ("expires", models.DateTimeField(blank=True, null=True)),
                ("purpose", models.CharField(blank=True, max_length=400)),
                ("files_until", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "mailboxes",
                "ordering": ["address"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("holder__isnull", False), ("kind", "personal")),
                            models.Q(models.Q(("kind", "personal"), _negated=True), ("holder__isnull", True)),
                            _connector="OR",
                        ),
                        name="personal_mailbox_has_holder",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(help_text="lower case", max_length=254, unique=True)),
                ("name", models.CharField(max_length=160)),
                ("everyone", models.BooleanField(default=False)),
                ("made", models.DateTimeField()),
                ("closed", models.DateTimeField(blank=True, null=True)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="groups", to="directory.department"
                    ),
                ),
                ("members", models.ManyToManyField(blank=True, related_name="groups", to="directory.mailbox")),
                ("subgroups", models.ManyToManyField(blank=True, related_name="supergroups", to="directory.mailgroup")),
            ],
            options={
                "ordering": ["address"],
            },
        ),
        migrations.CreateModel(
            name="Episode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("employee", "Employee"),
                            ("contractor", "Contractor"),
                            ("vendor", "Vendor"),
                            ("agent", "Agent"),
                            ("volunteer", "Volunteer"),
                            ("board", "Board member"),
                            ("elected", "Elected official"),
                        ],
                        max_length=12,
                    ),
                ),
                ("position", models.CharField(blank=True, max_length=120)),
                ("starts", models.DateField()),
                ("ends", models.DateField(blank=True, help_text="as planned", null=True)),
                ("ended", models.DateField(blank=True, null=True)),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="episodes",
                        to="directory.contract",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="episodes", to="directory.department"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="episodes", to="directory.person"),
                ),
                (
                    "supervisor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervises",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-starts"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended__isnull", True)), fields=("person",), name="one_open_episode"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Address",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(help_text="lower case", max_length=254)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="addresses", to="directory.mailbox"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="addresses",
                        to="directory.person",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "addresses",
                "indexes": [models.Index(fields=["address", "since"], name="directory_a_address_c1e23d_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)), fields=("address",), name="address_in_use_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("mac", models.CharField(max_length=64, unique=True)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
                ("used", models.DateTimeField(blank=True, null=True)),
                ("used_from", models.CharField(blank=True, max_length=45)),
                ("ended", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-made"],
            },
        ),
        migrations.CreateModel(
            name="FeedMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(max_length=60, unique=True)),
                ("header", models.JSONField()),
                ("columns", models.JSONField()),
                ("kinds", models.JSONField(default=dict)),
                ("departments", models.JSONField(default=dict)),
                ("dates", models.CharField(default="iso", max_length=8)),
                ("kind", models.CharField(blank=True, max_length=12)),
                ("made", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="FeedUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="ScimUser",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(unique=True)),
                ("uid", models.CharField(max_length=60)),
                ("user_name", models.CharField(help_text="lower case", max_length=254)),
                ("external", models.CharField(blank=True, max_length=254)),
                ("said", models.JSONField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("made", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                ("gone", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
                "indexes": [models.Index(fields=["external"], name="scim_external")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("gone__isnull", True)), fields=("uid",), name="scim_uid_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("gone__isnull", True)), fields=("user_name",), name="scim_user_name_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FormerName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.CharField(blank=True, max_length=60)),
                ("given", models.CharField(blank=True, max_length=80)),
                ("family", models.CharField(blank=True, max_length=80)),
                ("display", models.CharField(blank=True, max_length=160)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("outside", models.CharField(blank=True, max_length=600)),
                ("external", models.CharField(blank=True, max_length=254)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="former", to="directory.person"),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReservedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(help_text="lower case", max_length=254, unique=True)),
                ("main", models.BooleanField(default=False)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="reserved", to="directory.person"),
                ),
            ],
            options={
                "verbose_name_plural": "reserved addresses",
                "ordering": ["address"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("main", True)), fields=("person",), name="one_main_reserved_address"
                    )
                ],
            },
        ),
        migrations.RunPython(_step("0007_former_names").keep, elidable=False),
    ]
