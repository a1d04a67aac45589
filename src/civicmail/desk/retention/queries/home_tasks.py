"""Tasks of the retention officer for the Home page: schedules that expire (P-20)."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages.states import label
from civicmail.desk.holding.tasks import ACTIVATE_FIRST
from civicmail.desk.retention.queries import schedules


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """One for each schedule whose approval expires within half a year, or has expired. now: epoch ms."""
    if not actor.holds("retention-officer"):
        return []
    may = bool(guard.may(actor, "retention.see", now=now))
    made = [
        Task(
            f"Renew the schedule “{line.schedule.title}”",
            "retention-schedules" if may else "duties",
            hint="" if may else ACTIVATE_FIRST,
            state=label("overdue" if line.days_left < 0 else "open"),
            due=line.schedule.expires,
        )
        for line in schedules.expiring(timezone.localdate(from_ms(now)))
    ]
    return [Tasks(gettext("Retention"), made)] if made else []
