"""An account that somebody else may use stays shut, whatever right of its owner begins (P-25)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0017_retrieved")]

    operations = [migrations.AddField("account", "contained", models.DateTimeField(null=True, blank=True))]
