"""What is said against a decision has a place, of which each decision has few, and a digest of the network that it came from."""

from typing import Any

from django.db import migrations, models


def places(apps: Any, _schema: Any) -> None:
    """Those that wait already get one each, in the order in which they came."""
    taken: dict[str, int] = {}
    for row in apps.get_model("holding", "Contest").objects.filter(answer="").order_by("id"):
        row.place = taken.get(row.capture, 0)
        taken[row.capture] = row.place + 1
        row.save(update_fields=["place"])


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0003_outside"),
        ("holding", "0002_findings"),
    ]

    operations = [
        migrations.AddField(
            model_name="contest",
            name="client",
            field=models.CharField(blank=True, db_index=True, max_length=16),
        ),
        migrations.AddField(
            model_name="contest",
            name="place",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RunPython(places, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer", "")), fields=("capture", "place"), name="contest_has_its_place"
            ),
        ),
    ]
