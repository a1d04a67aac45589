"""Tables of labels, drafts, outgoing mail, signatures and templates."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("mailbox", "0001_initial"), ("mailbox", "0002_sent_plain"), ("mailbox", "0003_keys_elsewhere")]

    initial = True

    dependencies = [
        ("access", "0016_letter_keys"),
        ("directory", "0005_files_until"),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(unique=True)),
                ("mailbox", models.CharField(max_length=254)),
                ("to", models.TextField(blank=True)),
                ("cc", models.TextField(blank=True)),
                ("bcc", models.TextField(blank=True)),
                ("subject", models.CharField(blank=True, max_length=400)),
                ("text", models.TextField(blank=True)),
                ("quote", models.TextField(blank=True)),
                ("how", models.CharField(blank=True, max_length=10)),
                ("source", models.CharField(blank=True, max_length=36)),
                ("in_reply_to", models.CharField(blank=True, max_length=998)),
                ("references", models.TextField(blank=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed", models.DateTimeField()),
                ("why", models.CharField(blank=True, max_length=600)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-changed", "-id"],
                "indexes": [models.Index(fields=["person", "changed"], name="mailbox_dra_person__4ac433_idx")],
            },
        ),
        migrations.CreateModel(
            name="DraftFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("kind", models.CharField(max_length=20)),
                ("odd", models.BooleanField(default=False)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("draft", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="files", to="mailbox.draft")),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Handled",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.UUIDField()),
                ("opened", models.DateTimeField()),
                ("taken", models.DateTimeField(blank=True, null=True)),
                (
                    "mailbox",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.mailbox"),
                ),
                (
                    "opened_by",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailbox", "capture"), name="handled_once")],
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("key", models.CharField(max_length=240)),
                ("made", models.DateTimeField()),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["key"],
                "constraints": [models.UniqueConstraint(fields=("person", "key"), name="label_once")],
            },
        ),
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(unique=True)),
                ("key", models.CharField(blank=True, max_length=160, null=True, unique=True)),
                ("draft", models.UUIDField(blank=True, db_index=True, null=True)),
                ("mailbox", models.CharField(max_length=254)),
                ("recipients", models.JSONField(default=list)),
                ("content", models.BinaryField()),
                ("made", models.DateTimeField()),
                ("due", models.DateTimeField()),
                ("again", models.DateTimeField(blank=True, null=True)),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("since", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("capture", models.CharField(blank=True, max_length=36)),
                ("rule", models.CharField(blank=True, max_length=60)),
                ("why", models.CharField(blank=True, max_length=600)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["state", "due"], name="mailbox_out_state_24fe03_idx")],
            },
        ),
        migrations.CreateModel(
            name="Sheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shelf", models.CharField(max_length=40)),
                ("week", models.IntegerField(help_text="of receipt, counted from 1970")),
                ("ids", models.BinaryField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("shelf", "week"), name="one_sheet_a_week")],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lines", models.TextField(blank=True)),
                (
                    "person",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="directory.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SentPlain",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(unique=True)),
                ("mailbox", models.CharField(max_length=254)),
                ("department", models.CharField(blank=True, db_index=True, max_length=40)),
                ("reason", models.CharField(max_length=400)),
                ("rules", models.CharField(blank=True, max_length=400)),
                ("copies", models.PositiveIntegerField(default=1)),
                ("made", models.DateTimeField(db_index=True)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person")),
            ],
            options={
                "ordering": ["-made", "-id"],
            },
        ),
    ]
