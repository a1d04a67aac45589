"""Earlier requests to send files to an address are looked up by it."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("holding", "0014_approval_summary")]

    operations = [
        migrations.AddIndex("approvalcopy", models.Index(Lower("address"), "at", name="copies_to_an_address")),
    ]
