"""Mailboxes of machines end by themselves; those that nobody holds say what for (S1, M5)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]

    operations = [
        migrations.AddField("mailbox", "expires", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("mailbox", "purpose", models.CharField(blank=True, max_length=400)),
    ]
