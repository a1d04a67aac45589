"""Tasks of the records desk for the Home page: new requests, mail, other formats, productions and letters to approve (P-21).

A person who must first activate the role sees count and time too (D4).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet
from django.utils.translation import gettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages.states import label
from civicmail.desk.holding.tasks import ACTIVATE_FIRST
from civicmail.desk.records.models import (
    Attestation,
    Contest,
    FormatRequest,
    Letter,
    Production,
    Reply,
    Request,
    SubjectNotice,
)

MAX_ROWS = 5
"""Productions and letters that are shown one by one."""


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """Tasks of a records officer or the city attorney, and statements that somebody is asked for; seven queries, one for others."""
    officer = actor.holds("records-officer")
    own = _own(actor)
    if not officer and not actor.holds("city-attorney"):
        return own
    may, tasks_ = bool(guard.may(actor, "records.see", now=now)), []
    if officer:
        for title, route, query, rows in (
            ("Begin new records requests", "records-requests", "state=new", Request.objects.filter(state="new")),
            ("Answer mail to the records desk", "records-replies", "state=open", Reply.objects.filter(state="open")),
            ("Give other formats", "records-formats", "state=open", FormatRequest.objects.filter(state="open")),
        ):
            count, since = _waiting(rows)
            if count and since is not None:
                tasks_.append(_task(title, route, (), ("wait", _waits(count)), since, query, may=may, count=count))
        if days := list(SubjectNotice.objects.filter(state="due").order_by("serve_by").values_list("serve_by", flat=True)):
            task = _task(
                "Serve notices to subjects", "records-notices", (), ("warn", _waits(len(days))), None, "state=due",
                may=may, count=len(days),
            )  # fmt: skip
            tasks_.append(replace(task, due=days[0]))
    count, since = _waiting(Contest.objects.filter(state="open"), "made")
    if count:
        tasks_.append(
            _task("Answer contests", "records-contests", (), ("wait", _waits(count)), since, "state=open", may=may, count=count)
        )
    asked = Production.objects.filter(state="asked").exclude(by__uid=actor.uid).select_related("request")
    for row in asked.order_by("pk")[:MAX_ROWS]:
        title, keys = f"Approve production {row.number} of {row.request}", (row.request.number, row.number)
        tasks_.append(_task(title, "records-production", keys, label("pending"), row.since, "", may=may))
    letters = Letter.objects.filter(state="asked").exclude(by__uid=actor.uid).select_related("request")
    for letter in letters.order_by("pk")[: MAX_ROWS if actor.holds("city-attorney") else 0]:
        title, keys = f"Approve a letter of {letter.request}", (letter.request.number, letter.pk)
        tasks_.append(_task(title, "records-letter", keys, label("pending"), letter.at, "", may=may))
    return [Tasks(gettext("Records"), tasks_), *own]


def _own(actor: Actor) -> list[Tasks]:
    """Statements that this person is asked for."""
    asked = Attestation.objects.filter(person__uid=actor.uid, state="asked").select_related("request").order_by("pk")
    title = gettext("Sign a statement about your own accounts")
    tasks_ = [Task(title, "records-attest", (row.pk,), row.request.number, label("open"), row.asked) for row in asked]
    return [Tasks(gettext("Records"), tasks_)] if tasks_ else []


def _waiting(rows: QuerySet[Any], at: str = "received") -> tuple[int, datetime | None]:
    answer = rows.order_by().aggregate(count=Count("pk"), since=Min(at))
    return answer["count"], answer["since"]


def _waits(count: int) -> str:
    return f"{count} {'waits' if count == 1 else 'wait'}"


def _task(
    title: str, route: str, keys: tuple[object, ...], state: tuple[str, str], since: datetime | None, query: str, *, may: bool,
    count: int = 0,
) -> Task:  # fmt: skip
    if not may:
        return Task(title, "duties", (), ACTIVATE_FIRST, state, since)
    return Task(title, route, keys, "", state, since, query, count=count)
