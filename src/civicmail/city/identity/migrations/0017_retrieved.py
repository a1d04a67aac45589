"""How often mail was fetched, beside how often it was sent and received."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0016_letter_keys")]

    operations = [migrations.AddField("usage", "retrieved", models.PositiveIntegerField(default=0))]
