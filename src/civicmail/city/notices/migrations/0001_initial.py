"""The table as it was at first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=160, unique=True)),
                ("to", models.CharField(max_length=254)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("made", models.DateTimeField()),
                ("sent", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("capture", models.CharField(blank=True, max_length=36)),
            ],
        ),
    ]
