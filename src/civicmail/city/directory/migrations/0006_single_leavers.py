"""Which leavers of a feed were ended although the brake held others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0005_files_until"),
    ]

    operations = [
        migrations.AddField(
            model_name="feedline",
            name="alone",
            field=models.BooleanField(default=False),
        ),
    ]
