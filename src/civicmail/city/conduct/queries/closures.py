"""Accounts that are being closed or were closed (P-08)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from civicmail.city.conduct.closure_states import WORKER_STATES
from civicmail.city.conduct.models import Closure
from civicmail.city.directory.models import Address
from civicmail.city.guard.actors import Actor
from civicmail.city.identity.queries import menu_counts
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.pages.states import label

WITH = ("mailbox__holder", "mailbox__department", "department", "by", "orderer")


def to_work() -> list[Closure]:
    """Closures that the worker has to continue."""
    return list(Closure.objects.filter(state__in=list(WORKER_STATES)).select_related(*WITH).order_by("id"))


def addresses_of(row: Closure) -> list[str]:
    """All present and former addresses of its mailbox, the main one first."""
    rows = Address.objects.filter(mailbox=row.mailbox).order_by("id").values_list("address", flat=True)
    return list(dict.fromkeys([row.mailbox.address, *rows]))


def of_departments(codes: Collection[str]) -> QuerySet[Closure]:
    return Closure.objects.filter(department__code__in=codes).select_related(*WITH)


def of_mailbox(mailbox: int) -> Closure | None:
    """The newest closure that was not abandoned."""
    return Closure.objects.filter(mailbox=mailbox).exclude(state="dropped").select_related(*WITH).order_by("-asked").first()


def tasks(actor: Actor, _now: int) -> list[Tasks]:
    """Counts that a department has to decide on; two queries."""
    codes = menu_counts.decided_departments(actor)
    rows = Closure.objects.filter(state__in=["counted", "stopped"], department__code__in=codes).exclude(
        mailbox__holder__uid=actor.uid
    )
    closures = list(rows.select_related(*WITH).order_by("since")[:20]) if codes else []
    names = {row.department.code: row.department for row in closures}
    return [Tasks(str(names[code]), [_task(row) for row in closures if row.department.code == code]) for code in names]


def _task(row: Closure) -> Task:
    if row.state == "stopped":
        return Task(f"See why {row.mailbox} is not closed", "closure", (row.pk,), row.problem, label("failed"), row.since)
    hint = f"{row.live} messages were counted in the live mailbox."
    return Task(f"Decide about closing {row.mailbox}", "closure", (row.pk,), hint, label("pending"), row.since)
