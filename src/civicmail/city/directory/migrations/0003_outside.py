"""Addresses that people have elsewhere, so that mail to themselves is told from mail to others (P-11)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_services")]

    operations = [
        migrations.AddField(
            "person",
            "outside",
            models.CharField(blank=True, help_text="own addresses elsewhere, a blank between them (P-11)", max_length=600),
        ),
    ]
