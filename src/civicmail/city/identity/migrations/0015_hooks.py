"""What programs were told of entries."""

from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("access", "0014_answered")]

    operations = [
        migrations.CreateModel(
            name="Hook",
            fields=[
                ("id", ID),
                ("name", models.CharField(max_length=40, unique=True)),
                ("position", models.BigIntegerField(default=0)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("due", models.BigIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("told", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="HookTold",
            fields=[
                ("id", ID),
                ("entry", models.BigIntegerField()),
                ("hook", models.ForeignKey(on_delete=models.deletion.CASCADE, related_name="passed", to="access.hook")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("hook", "entry"), name="entry_told_once")]},
        ),
    ]
