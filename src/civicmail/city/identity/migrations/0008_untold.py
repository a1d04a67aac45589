"""Changes that doors were not told yet."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0007_mandates")]

    operations = [
        migrations.CreateModel(
            name="Untold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.BigIntegerField(help_text="ms since 1970")),
                ("people", models.JSONField(default=list)),
                ("mailboxes", models.JSONField(default=list)),
                ("whole", models.BooleanField(default=False)),
                ("waits", models.BooleanField(default=False)),
            ],
        ),
    ]
