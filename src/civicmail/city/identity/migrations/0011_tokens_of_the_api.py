"""Tokens say what they are for, what they open, and with which session epoch they end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0010_replies")]

    operations = [
        migrations.AddField(model_name="token", name="name", field=models.CharField(blank=True, max_length=80)),
        migrations.AddField(
            model_name="token", name="scopes", field=models.JSONField(default=list, help_text="empty: for the command line")
        ),
        migrations.AddField(model_name="token", name="epoch", field=models.PositiveIntegerField(blank=True, null=True)),
    ]
