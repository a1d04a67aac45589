"""Mailboxes that answer by themselves, and ways on of what comes for who left."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0009_entries_found"),
        ("directory", "0003_outside"),
    ]

    operations = [
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
    ]
