"""Tasks of the records desk for the Home page: new requests, mail that fits none, productions to approve (P-21).

A person who must first activate the role sees count and time too (D4).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages.states import label
from civicmail.desk.holding.tasks import ACTIVATE_FIRST
from civicmail.desk.records.models import Production, Reply, Request

MAX_PRODUCTIONS = 5
"""Productions that are shown one by one."""


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """Tasks of a records officer or the city attorney; three queries, none for others."""
    officer = actor.holds("records-officer")
    if not officer and not actor.holds("city-attorney"):
        return []
    may, tasks_ = bool(guard.may(actor, "records.see", now=now)), []
    if officer:
        for title, route, key, query, rows in (
            ("Begin new records requests", "records-requests", "received", "state=new", Request.objects.filter(state="new")),
            ("Answer mail to the records desk", "records-replies", "open", "state=open", Reply.objects.filter(state="open")),
        ):
            count, since = _waiting(rows)
            if count and since is not None:
                tasks_.append(_task(f"{title}: {count}", route, (), label(key), since, query, may=may))
    asked = Production.objects.filter(state="asked").exclude(by__uid=actor.uid).select_related("request")
    for row in asked.order_by("pk")[:MAX_PRODUCTIONS]:
        title, keys = f"Approve production {row.number} of {row.request}", (row.request.number, row.number)
        tasks_.append(_task(title, "records-production", keys, label("pending"), row.since, "", may=may))
    return [Tasks(gettext("Records"), tasks_)]


def _waiting(rows: QuerySet[Request] | QuerySet[Reply]) -> tuple[int, datetime | None]:
    answer = rows.order_by().aggregate(count=Count("pk"), since=Min("received"))
    return answer["count"], answer["since"]


def _task(
    title: str, route: str, keys: tuple[object, ...], state: tuple[str, str], since: datetime, query: str, *, may: bool
) -> Task:
    if not may:
        return Task(title, "duties", (), ACTIVATE_FIRST, state, since)
    return Task(title, route, keys, "", state, since, query)
