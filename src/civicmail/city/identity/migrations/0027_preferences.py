"""How pages look for a person: language, color scheme, density, time zone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0026_identities"),
    ]

    operations = [
        migrations.AddField("account", "language", models.CharField(blank=True, default="", max_length=8)),
        migrations.AddField("account", "scheme", models.CharField(default="device", max_length=8)),
        migrations.AddField("account", "density", models.CharField(default="compact", max_length=8)),
        migrations.AddField("account", "zone", models.CharField(default="city", max_length=40)),
    ]
