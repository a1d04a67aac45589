"""Accounts that are locked at this moment are shut like those that are locked from now on (P-25)."""

from typing import Any

from django.db import migrations


def shut(apps: Any, _editor: Any) -> None:
    account = apps.get_model("access", "Account")
    locked = apps.get_model("holding", "Containment").objects.filter(state="locked", person__isnull=False)
    for person, since in locked.values_list("person", "locked"):
        account.objects.filter(person=person).update(contained=since)


class Migration(migrations.Migration):
    dependencies = [("holding", "0009_some_files"), ("access", "0018_account_contained")]

    operations = [migrations.RunPython(shut, migrations.RunPython.noop)]
