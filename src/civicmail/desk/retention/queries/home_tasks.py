"""Tasks of retention for the Home page: schedules that expire, and disposals that wait for their approver (P-20, P-23)."""

from __future__ import annotations

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages.states import label
from civicmail.desk.holding.tasks import ACTIVATE_FIRST
from civicmail.desk.retention.models import Disposal
from civicmail.desk.retention.queries import schedules


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """Those of the retention officer and of approvers of disposals. now: epoch ms."""
    made = [*_schedules(actor, now), *_disposals(actor, now)]
    return [Tasks(gettext("Retention"), made)] if made else []


def _schedules(actor: Actor, now: int) -> list[Task]:
    """One for each schedule whose approval expires within half a year, or has expired."""
    if not actor.holds("retention-officer"):
        return []
    may = bool(guard.may(actor, "retention.see", now=now))
    return [
        Task(
            f"Renew the schedule “{line.schedule.title}”",
            "retention-schedules" if may else "duties",
            hint="" if may else ACTIVATE_FIRST,
            state=label("overdue" if line.days_left < 0 else "open"),
            due=line.schedule.expires,
        )
        for line in schedules.expiring(timezone.localdate(from_ms(now)))
    ]


def _disposals(actor: Actor, now: int) -> list[Task]:
    """One about all disposals that wait for approval."""
    if not guard.could(actor, "retention.approve", now=now):
        return []
    waits = Disposal.objects.filter(state="proposed").aggregate(count=Count("pk"), since=Min("since"))
    if not (count := waits["count"]):
        return []
    words = f"Decide {count:,} disposal{'' if count == 1 else 's'}"
    hint = "Look at the list, then approve or refuse it."
    return [
        Task(
            words,
            "retention-disposals",
            (),
            hint,
            ("wait", f"{count} {'waits' if count == 1 else 'wait'}"),
            waits["since"],
            "state=proposed",
            count=count,
        )
    ]
