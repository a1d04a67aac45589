"""Whether letters are keys, once for all pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0015_hooks")]

    operations = [migrations.AddField("account", "letter_keys", models.BooleanField(default=False))]
