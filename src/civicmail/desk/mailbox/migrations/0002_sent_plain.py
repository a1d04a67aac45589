"""Messages that were sent unencrypted although rules asked for more, each with the sender's reason."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_files_until"),
        ("mailbox", "0001_initial"),
    ]

    operations = [
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
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"),
                ),
            ],
            options={"ordering": ["-made", "-id"]},
        ),
    ]
