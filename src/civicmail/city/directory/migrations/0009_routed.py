"""Addresses and domains by which a department's mail is known beside those of its mailboxes and people."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0008_reserved_addresses")]

    operations = [
        migrations.AddField(model_name="department", name="routed", field=models.TextField(blank=True, default="")),
    ]
