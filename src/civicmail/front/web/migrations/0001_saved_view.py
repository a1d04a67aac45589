"""Views of lists that people saved for themselves."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("directory", "0002_services")]

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
    ]
