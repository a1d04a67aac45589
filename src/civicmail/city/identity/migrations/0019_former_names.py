"""What people were called before the database kept it by itself: from the entries of changes, which say before and after (P-30)."""

from __future__ import annotations

from typing import Any

from django.db import migrations

_NAMES = ("given", "family", "display", "phone", "outside")
_AT_ONCE = 1000


def carry_over(apps: Any, _schema_editor: Any) -> None:
    """Backwards from what is said now, change by change."""
    person, entry = apps.get_model("directory", "Person"), apps.get_model("access", "Entry")
    former = apps.get_model("directory", "FormerName")
    now: dict[str, Any] = {}
    made = []
    for object_, facts in entry.objects.filter(act="person.change").order_by("-id").values_list("object", "facts").iterator():
        before = {name: value[0] for name, value in facts.items() if name in _NAMES and _is_change(value)}
        if not before:
            continue
        if object_ not in now:
            row = person.objects.filter(uid=object_.removeprefix("person:")).values("id", *_NAMES).first()
            now[object_] = row
        if (row := now[object_]) is None:
            continue
        row.update(before)
        made.append(former(person_id=row["id"], **{name: row[name] for name in _NAMES}))
    former.objects.bulk_create(made, batch_size=_AT_ONCE)


def _is_change(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


class Migration(migrations.Migration):
    dependencies = [("access", "0018_account_contained"), ("directory", "0007_former_names")]
    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop, elidable=True)]
