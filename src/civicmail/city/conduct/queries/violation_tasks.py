"""Violations and compliance agreements, as tasks of the Home page (pages, "/")."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from civicmail.city.conduct.actions.consequences import APPEAL
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.queries import next_steps
from civicmail.city.conduct.violation_states import FIRST
from civicmail.city.directory.models import Agency, Department, Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Bar
from civicmail.city.identity.queries import menu_counts, undertakings
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages import wording


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """One's own response, a department's cases, and tasks of the access office. A fixed number of queries."""
    codes, office = menu_counts.decided_departments(actor), bool(guard.may(actor, "violation.name", now=now))
    theirs, others = next_steps.waiting(actor, codes, office=office)
    groups = [Tasks(gettext("My work"), [*_mine(actor, now), *_binds(actor, now)])]
    groups += _departments(theirs, codes)
    groups.append(Tasks(gettext("Access office"), _office(actor, others, now) if office else []))
    return groups


def for_them(actor: Actor, now: int) -> list[int]:
    """Keys of the cases that wait for this person, as Home counts them."""
    codes, office = menu_counts.decided_departments(actor), bool(guard.may(actor, "violation.name", now=now))
    return [row.pk for rows in next_steps.waiting(actor, codes, office=office) for row in rows]


def _mine(actor: Actor, now: int) -> list[Task]:
    to_answer = Q(state__in=FIRST, respond_by__isnull=False, response="")
    decided = Q(state="decided", decided__gt=from_ms(now - APPEAL))
    rows = Violation.objects.filter(to_answer | decided, person__uid=actor.uid).exclude(outcome="none").order_by("id")
    tasks_ = []
    for row in rows:
        label = gettext("Answer what was reported about you") if row.response == "" and row.state in FIRST else None
        label = label or gettext("Read what was decided about you")
        until = row.respond_by if row.state in FIRST else None
        day = timezone.localdate(until) if until is not None else None
        by = gettext("By {day}").format(day=wording.short_day(day)) if day is not None else gettext("Open")
        tasks_.append(Task(label, "my-violation", (row.pk,), row.clause, ("warn", by), row.since, due=day))
    return tasks_


def _binds(actor: Actor, now: int) -> list[Task]:
    """The contact of an agency that owes its undertaking."""
    mine = Agency.objects.filter(contact__in=Mailbox.objects.filter(holder__uid=actor.uid, closed=None).values("address"))
    owing = {a.pk for a in undertakings.agencies_owing(now)} if mine else set()
    label = gettext("Accept the e-mail policy for {agency}")
    state = ("warn", gettext("Mail waits for this"))
    return [Task(label.format(agency=a), "undertaking-give", (a.code,), "", state) for a in mine if a.pk in owing]


def _departments(rows: list[Violation], codes: frozenset[str]) -> list[Tasks]:
    if not rows:
        return []
    departments = Department.objects.filter(code__in=codes).order_by("name")
    return [
        Tasks(department.name, [_task(mine, "dept-violations", (department.code,))])
        for department in departments
        if (mine := [row for row in rows if row.department_id == department.pk])
    ]


def _task(rows: Iterable[Violation], route: str, args: tuple[object, ...]) -> Task:
    rows = list(rows)
    words = ngettext("{count} case", "{count} cases", len(rows)).format(count=len(rows))
    late = any(row.state == "recorded" for row in rows)
    label = gettext("Look at violations")
    state, since = ("stop" if late else "wait", words), min(row.since for row in rows)
    return Task(label, route, args, "", state, since, "state=mine", count=len(rows))


def _office(actor: Actor, rows: list[Violation], now: int) -> list[Task]:
    tasks_ = []
    if rows:
        tasks_.append(_task(rows, "violations", ()))
    ends = Bar.objects.filter(kind="permanent", ended__isnull=True, asker__isnull=False).exclude(asker__uid=actor.uid)
    if count := ends.count():
        words = ngettext("{count} asked", "{count} asked", count).format(count=count)
        query = "kind=permanent&lives=asked"
        tasks_.append(Task(gettext("Answer whether a bar ends"), "bars", (), "", ("wait", words), query=query, count=count))
    if owing := undertakings.agencies_owing(now):
        words = ngettext("{count} agency", "{count} agencies", len(owing)).format(count=len(owing))
        hint = gettext("Their people have no mail without one, or soon.")
        label, state = gettext("Get the signed undertaking"), ("warn", words)
        tasks_.append(Task(label, "agencies", (), hint, state, query="agreement=due", count=len(owing)))
    return tasks_
