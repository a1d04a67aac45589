"""Links to dangerous places that were opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Opening",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("capture", models.CharField(db_index=True, max_length=36)),
                ("index", models.PositiveIntegerField()),
                ("mailbox", models.CharField(max_length=254)),
                ("host", models.CharField(db_index=True, max_length=253)),
                ("made", models.DateTimeField()),
                ("told", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("capture", "index", "host"), name="opening_once")],
            },
        ),
    ]
