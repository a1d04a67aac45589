"""Who chooses the passphrase of a message in the portal, and from where it was opened (P-19)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("holding", "0011_forwarded"),
    ]

    operations = [
        migrations.AddField(
            model_name="pickup",
            name="sender_only",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="PickUpOpening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("client", models.CharField(blank=True, max_length=64)),
                (
                    "pickup",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="opened_from", to="holding.pickup"),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
    ]
