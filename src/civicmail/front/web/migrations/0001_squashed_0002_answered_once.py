"""Tables of saved views and of answers that are given once."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("web", "0001_saved_view"), ("web", "0002_answered_once")]

    initial = True

    dependencies = [
        ("access", "0011_tokens_of_the_api"),
        ("directory", "0002_services"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=200)),
                ("query", models.CharField(blank=True, max_length=500)),
                ("name", models.CharField(max_length=60)),
                ("pinned", models.BooleanField(default=False)),
                ("made", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="saved_views", to="directory.person"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("person", "page", "name"), name="view_saved_once")],
            },
        ),
        migrations.CreateModel(
            name="Answered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=100)),
                ("digest", models.CharField(max_length=64)),
                ("answer", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("token", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="access.token")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("token", "key"), name="answered_once")],
            },
        ),
    ]
