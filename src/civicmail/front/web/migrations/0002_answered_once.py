"""What programs were answered, so that the same request again is not done again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0011_tokens_of_the_api"), ("web", "0001_saved_view")]

    operations = [
        migrations.CreateModel(
            name="Answered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=100)),
                ("digest", models.CharField(max_length=64)),
                ("answer", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("token", models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="+", to="access.token")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("token", "key"), name="answered_once")]},
        ),
    ]
