"""How much mail a rule of a mailbox would have sent out of the city, day by day (P-11)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("holding", "0010_account_contained")]

    operations = [
        migrations.CreateModel(
            name="Forwarded",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.CharField(blank=True, max_length=254)),
                ("day", models.DateField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("mailbox", "day"), name="forwarded_once")],
            },
        ),
    ]
