"""Until when a mailbox invites files."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0004_feeds"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="files_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
