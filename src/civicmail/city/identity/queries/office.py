"""Discrepancies of access, and role assignments, for the access office (pages, "/access/")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from civicmail.city.directory.models import Contract, Department, Episode, FeedRun
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Account
from civicmail.city.identity.models import Authorization, Ending, RoleAssignment
from civicmail.city.identity.queries import department_questions

ENDS_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something out of order: what, how many, and the URL name where it is put in order."""

    words: str
    hint: str
    count: int
    route: str
    role: str


def problems(now: datetime) -> list[Problem]:
    """The worst first; a fixed number of queries."""
    return [t for t in (*_stopped(now), *_to_look_at(now)) if t.count]


def _stopped(now: datetime) -> list[Problem]:
    """Problems that block something, or that wait for a decision."""
    open_ = Ending.objects.filter(done__isnull=True, when__lte=now).count()
    shut_out = Account.objects.filter(locked__isnull=False).count()
    return [
        Problem("Endings that are not done", "A door is still open.", open_, "endings", "stop"),
        Problem("Locked sign-ins", "They open when you release them.", shut_out, "unlocks", "stop"),
        Problem("Feeds that the brake stopped", "They would end too many.", _runs("stopped"), "feeds", "stop"),
        Problem("Feeds that wait for a decision", "", _runs("proposed"), "feeds", "wait"),
    ]


def _to_look_at(now: datetime) -> list[Problem]:
    """Missing data, and access and roles that end soon."""
    headless = Department.objects.filter(head__isnull=True, closed__isnull=True).count()
    ends = Authorization.objects.filter(state="active", until__gt=now, until__lte=now + ENDS_SOON).count()
    alone = Contract.objects.filter(sponsor__isnull=True, ends__gte=timezone.localdate(now)).count()
    idle = department_questions.never_used_anywhere(epoch_ms(now))
    roles = RoleAssignment.objects.filter(ended__isnull=True, until__gt=now, until__lte=now + ENDS_SOON).count()
    answers, hint = "Nobody in the city answers for their people.", "A question to the owner, not a deletion."
    return [
        Problem("Departments without a head", "Nobody there decides who gets mail.", headless, "departments", "warn"),
        Problem("Access that ends within 30 days", "", ends, "departments", "warn"),
        Problem("Contracts that run without a sponsor", answers, alone, "agencies", "warn"),
        Problem("Mailboxes never used in 30 days", hint, idle, "departments", "quiet"),
        Problem("Roles that end within 30 days", "", roles, "duty-grants", "quiet"),
    ]


def _runs(state: str) -> int:
    return FeedRun.objects.filter(state=state).count()


def departments() -> QuerySet[Department, Department]:
    """Open departments with people, access, waiting: counts, each by a query of its own inside this one."""
    people = Episode.objects.filter(department=OuterRef("pk"), ended__isnull=True).order_by().values("department")
    rights = Authorization.objects.filter(department=OuterRef("pk")).order_by().values("department")
    return (
        Department.objects.filter(closed__isnull=True)
        .select_related("head", "parent")
        .annotate(
            people=counted(people),
            access=counted(rights.filter(state="active", role="holder")),
            waiting=counted(rights.filter(state="asked")),
        )
    )


def counted(rows: QuerySet[Any, Any]) -> Coalesce:
    """The number of these rows for each related row, in a query of its own. rows: grouped by the column that refers to it."""
    counted = rows.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def holders(now: datetime) -> QuerySet[RoleAssignment, RoleAssignment]:
    """Roles that are held now or will be."""
    return RoleAssignment.objects.filter(ended__isnull=True, until__gt=now).select_related("person", "department")


def held_up_by(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    """Delayed sign-ins: the locked ones, or those with a delay."""
    return rows.filter(locked__isnull=value != "locked")
