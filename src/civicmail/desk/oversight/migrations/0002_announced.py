"""Employees were told what a rule will do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0001_rule_book"),
    ]

    operations = [
        migrations.AddField(
            model_name="version",
            name="announced",
            field=models.DateTimeField(blank=True, help_text="all of them were told", null=True),
        ),
        migrations.AddField(
            model_name="version",
            name="told",
            field=models.BigIntegerField(default=0, help_text="up to which authorization employees were told what it will do"),
        ),
    ]
