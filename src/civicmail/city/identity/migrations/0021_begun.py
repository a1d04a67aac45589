"""What changes files has an entry with it, or none (A1)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0020_notices_counted")]

    operations = [
        migrations.CreateModel(
            "Begun",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(unique=True)),
                ("at", models.BigIntegerField(help_text="ms since 1970")),
                ("plain", models.JSONField()),
            ],
        )
    ]
