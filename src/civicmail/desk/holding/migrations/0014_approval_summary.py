"""What an approver sees of a message before opening its files; older requests have none."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("holding", "0013_unasked_departments")]

    operations = [
        migrations.AddField("approval", "subject", models.CharField(blank=True, max_length=200)),
        migrations.AddField("approval", "names", models.JSONField(blank=True, default=list)),
        migrations.AddField("approval", "findings", models.JSONField(blank=True, default=list)),
    ]
