"""What happened to one thing is found without reading all entries."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0005_followed")]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["object", "-id"], name="entries_of_an_object"),
        ),
    ]
