"""Leavers, as departments and the access office see them: pending, unanswered, overdue (P-08; L4, L6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from civicmail.city.conduct.lists.leavers import CHOICES as CHOICES
from civicmail.city.conduct.models import Leaver
from civicmail.city.directory.models import Episode, Mailbox
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.models import Ending
from civicmail.city.identity.queries import menu_counts
from civicmail.city.identity.queries.autoreplies import left_mailboxes
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages import wording
from civicmail.city.pages.states import Label, label

BATCH_SIZE = 500
MAX_AGE = timedelta(days=400)
"""Endings before that are ignored."""


def without_question(now: int) -> list[tuple[Ending, Mailbox]]:
    """Completed endings without a leaver yet, of people without employment whose mailbox is open."""
    mine = Mailbox.objects.filter(holder=OuterRef("person"), kind="personal", closed__isnull=True)
    again = Episode.objects.filter(person=OuterRef("person"), ended__isnull=True)
    later = Ending.objects.filter(person=OuterRef("person"), pk__gt=OuterRef("pk"), done__isnull=False)
    rows = Ending.objects.filter(done__gt=from_ms(now) - MAX_AGE, leaver__isnull=True)
    rows = rows.filter(Exists(mine), ~Exists(again), ~Exists(later))
    employments = list(rows.select_related("person", "episode__department").order_by("id")[:BATCH_SIZE])
    boxes = {
        box.holder_id: box
        for box in Mailbox.objects.filter(
            holder__in=[e.person_id for e in employments], kind="personal", closed__isnull=True
        ).order_by("made")
    }
    return [(e, boxes[e.person_id]) for e in employments if e.person_id in boxes]


def is_gone(leaver: Leaver, now: int) -> bool:
    """Whether the department still has a decision to make: the person is not rehired, the account not closed."""
    return left_mailboxes(now).filter(pk=leaver.mailbox_id).exists()


def open_rows(now: int) -> QuerySet[Leaver]:
    """Leavers without an answer who have not returned."""
    gone = left_mailboxes(now).filter(pk=OuterRef("mailbox"))
    return Leaver.objects.filter(Exists(gone), choice="")


def of_departments(codes: Collection[str]) -> QuerySet[Leaver]:
    """All leavers of these departments."""
    rows = Leaver.objects.filter(department__code__in=codes)
    return rows.select_related("ending__person", "mailbox", "department", "person")


def function_mailboxes(leaver: Leaver) -> QuerySet[Mailbox]:
    """Function mailboxes to which the department can forward mail of a leaver."""
    return Mailbox.objects.filter(department=leaver.department, kind="function", closed__isnull=True).order_by("address")


def is_overdue(leaver: Leaver, now: int) -> bool:
    """Unanswered for more than a day (L6)."""
    return not leaver.choice and leaver.told <= from_ms(now - DAY_MS)


def state(leaver: Leaver, now: int) -> Label:
    """Whether the department has said what happens to the mail."""
    if leaver.choice:
        return label("decided")
    if leaver.mailbox.closed is not None:
        return label("closed")
    return label("overdue" if is_overdue(leaver, now) else "pending")


def choice_of(leaver: Leaver) -> str:
    """What the department has decided, or since when it is late; a fact beside the state."""
    if leaver.choice or leaver.mailbox.closed is not None:
        return CHOICES.get(leaver.choice, "")
    return f"since {wording.short_day(leaver.told)}"


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """Leavers that a department has to decide on; one query."""
    codes = menu_counts.decided_departments(actor)
    if not codes:
        return []
    rows = open_rows(now).filter(department__code__in=codes).exclude(ending__person__uid=actor.uid).order_by()
    late = Count("id", filter=Q(told__lte=from_ms(now - DAY_MS)))
    counted = rows.values("department__code", "department__name").annotate(n=Count("id"), late=late, since=Min("told"))
    return [Tasks(row["department__name"], [_task(row["department__code"], row)]) for row in counted.order_by("department__name")]


def _task(code: str, row: Mapping[str, Any]) -> Task:
    count, late = row["n"], row["late"]
    state = ("stop", f"{late} not confirmed in time") if late else ("wait", f"{count} to confirm")
    hint = f"Mail access of {count} {'person' if count == 1 else 'people'} has ended: what happens to the mail?"
    return Task("Confirm who left", "leavers", (code,), hint, state, row["since"], "state=open", count=count)
