"""What was handed over to departments is a report of city/conduct from now on."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def hand_on(apps: Any, _schema: Any) -> None:
    """Each becomes a report with its evidence, in the order in which they were made; whose text it was is the reporter."""
    old = apps.get_model("holding", "Violation").objects.select_related("finding").order_by("id")
    report, evidence = apps.get_model("conduct", "Violation"), apps.get_model("conduct", "Evidence")
    episodes = apps.get_model("directory", "Episode").objects.filter(starts__isnull=False)
    for row in old:
        work = episodes.filter(person=row.person_id).order_by("-starts", "-id").first()
        contract = work.contract if work is not None else None
        made = report.objects.create(
            person_id=row.person_id, episode=work, department_id=row.department_id, agency=contract.agency if contract else None,
            kind=work.kind if work is not None else "", clause=row.clause, what=row.text, source="reviewer", reporter_id=row.by_id,
            origin=f"finding:{row.finding_id}", made=row.made, since=row.made,
        )  # fmt: skip
        evidence.objects.create(violation=made, capture=row.finding.capture, by_id=row.by_id, at=row.made)


class Migration(migrations.Migration):
    dependencies = [("holding", "0003_contests_places"), ("conduct", "0002_violations_stay"), ("directory", "0003_outside")]

    operations = [
        migrations.RunPython(hand_on, migrations.RunPython.noop),
        migrations.DeleteModel(name="Violation"),
    ]
