"""Whether letters are keys is said once for all pages, with the sign-in."""

from django.db import migrations


def carry(apps, schema_editor):
    """What was switched on stays on."""
    on = apps.get_model("mailbox", "Habit").objects.filter(keys=True).values("person")
    apps.get_model("access", "Account").objects.filter(person__in=on).update(letter_keys=True)


class Migration(migrations.Migration):
    dependencies = [("access", "0016_letter_keys"), ("mailbox", "0002_sent_plain")]

    operations = [migrations.RunPython(carry, migrations.RunPython.noop), migrations.DeleteModel("Habit")]
