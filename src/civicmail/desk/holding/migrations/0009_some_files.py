"""A manager approves some of the files: those that do not leave stand in each copy."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("holding", "0008_pickups"),
    ]

    operations = [
        migrations.AddField(
            model_name="approvalcopy",
            name="without",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
