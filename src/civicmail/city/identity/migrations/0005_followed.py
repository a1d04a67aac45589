"""Positions of the job that reads journals for counts and sign-ins."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0004_movers")]

    operations = [
        migrations.CreateModel(
            name="Followed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("journal", models.CharField(max_length=40, unique=True)),
                ("number", models.BigIntegerField()),
            ],
        ),
    ]
