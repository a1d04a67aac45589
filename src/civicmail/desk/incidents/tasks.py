"""Tasks of security officers for the Home page: open cases, and removals that need a second person (P-31).

A person who must first activate the role sees count and time too (D4).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages.states import label
from civicmail.desk.holding.tasks import ACTIVATE_FIRST
from civicmail.desk.incidents.models import Case, Pull

MAX_SECOND = 5
"""Pulls that are shown one by one."""


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """Tasks of a security officer; two queries, none for others."""
    if not actor.holds("security-officer"):
        return []
    open_ = Case.objects.filter(state="open").order_by().aggregate(count=Count("pk"), since=Min("made"))
    may, tasks_ = bool(guard.may(actor, "reports.see", now=now)), []
    if count := open_["count"]:
        words = f"{count} {'waits' if count == 1 else 'wait'}"
        tasks_.append(_task("Answer what was reported", "incidents", (), ("wait", words), open_["since"], may=may, count=count))
    for pull in Pull.objects.filter(state="asked").exclude(by__uid=actor.uid).order_by("pk")[:MAX_SECOND]:
        question = f"Say whether {pull.total:,} copies are removed"
        tasks_.append(_task(question, "pull", (pull.pk,), label("pending"), pull.made, may=may))
    return [Tasks(gettext("Mail rules"), tasks_)]


def _task(
    label: str, route: str, args: tuple[object, ...], state: tuple[str, str], since: datetime, *, may: bool, count: int = 0
) -> Task:
    if not may:
        return Task(label, "duties", (), ACTIVATE_FIRST, state, since)
    return Task(label, route, args, "", state, since, "state=open" if count else "", count=count)
