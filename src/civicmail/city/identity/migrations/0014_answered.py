"""Whom mailboxes answered by themselves, and how far mail was read for it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0013_bars_stay"),
        ("directory", "0004_feeds"),
    ]

    operations = [
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
    ]
