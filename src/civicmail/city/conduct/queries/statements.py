"""Open statements, as tasks of the Home page (P-28)."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from civicmail.city.conduct import half_year
from civicmail.city.conduct.models import Statement
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages import wording
from civicmail.city.pages.states import label

SOON = timedelta(days=7)


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """For the heads of departments what they have to sign; for the administration director how many are late."""
    groups = [*_mine(actor, now)]
    if actor.holds("administration-director"):
        late = Statement.objects.filter(state="open", overdue__isnull=False).aggregate(n=Count("id"), since=Min("overdue"))
        if late["n"]:
            task = Task(
                "Ask departments for their statements",
                "all-statements",
                (),
                "",
                ("stop", f"{late['n']} overdue"),
                late["since"],
                "state=overdue",
                count=late["n"],
            )
            groups.append(Tasks("Statements", [task]))
    return groups


def _mine(actor: Actor, now: int) -> list[Tasks]:
    if not actor.departments:
        return []
    today = timezone.localdate(from_ms(now))
    rows = Statement.objects.filter(state="open", department__code__in=actor.departments).select_related("department")
    by_department: dict[str, list[Task]] = {}
    for row in rows.order_by("department__name", "half"):
        half = half_year.parse(row.half)
        by = f"By {wording.short_day(row.due)}"
        state = label("overdue") if row.due < today else ("warn" if row.due - today <= SOON else "wait", by)
        words = f"Sign the statement for {half.in_words if half else row.half}"
        by_department.setdefault(row.department.name, []).append(
            Task(
                words,
                "statement",
                (row.department.code, row.half),
                "It is filled in; it says what is not in order, too.",
                state,
                row.made,
                due=row.due,
            )
        )
    return [Tasks(name, each) for name, each in by_department.items()]
