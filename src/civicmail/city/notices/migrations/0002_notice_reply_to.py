"""The address for answers to a notice."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="reply_to",
            field=models.CharField(blank=True, default="", max_length=254),
            preserve_default=False,
        ),
    ]
