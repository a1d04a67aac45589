"""Whether letters are keys is said once for all pages, with the sign-in."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def carry(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was switched on stays on."""
    on = apps.get_model("mailbox", "Habit").objects.filter(keys=True).values("person")  # type: ignore[misc]  # gone by now
    apps.get_model("access", "Account").objects.filter(person__in=on).update(letter_keys=True)


class Migration(migrations.Migration):
    dependencies = [("access", "0016_letter_keys"), ("mailbox", "0002_sent_plain")]

    operations = [migrations.RunPython(carry, migrations.RunPython.noop), migrations.DeleteModel("Habit")]
