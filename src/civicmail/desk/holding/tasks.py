"""Tasks of this room for the home page and the daily mail: approvals, release requests, appeals, findings, contained accounts
(P-12, P-22, P-25, P-29).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils.translation import gettext, ngettext

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.roles import Role
from civicmail.city.identity.queries.home_tasks import Task, Tasks
from civicmail.city.policy import rule_keys
from civicmail.core.config.errors import LaterError
from civicmail.desk.holding import approval_switches, containment_states, queries, release_states
from civicmail.desk.holding.models import Approval, ApprovalCopy, AskedDepartment, Containment, Contest, Finding, Release


def pending_approvals(actor: Actor) -> QuerySet[Approval]:
    """Messages that this person may decide on now: of others in their departments, and their own if they decide."""
    theirs = Q(department__code__in=actor.departments, own=False) & ~Q(person__uid=actor.uid)
    own = Q(own=True, person__uid=actor.uid)
    waiting = ApprovalCopy.objects.filter(state="waits").values("approval")
    return Approval.objects.filter(theirs | own, pk__in=waiting)


def next_pending(actor: Actor, *, besides: int = 0) -> Approval | None:
    """The message to answer next, as their list has them. besides: the id of another one."""
    rows = pending_approvals(actor).exclude(pk=besides).select_related("person")
    return rows.order_by("ends", "made", "pk").first()


def count_pending(actor: Actor) -> int:
    return pending_approvals(actor).count()


def samples_for(actor: Actor) -> QuerySet[Approval]:
    """Decisions on own files that this person reviews as the next head (approvers.sample_resource), never their own."""
    has_above = Q(department__head=F("person"), department__parent__isnull=False)
    theirs = Q(department__code__in=actor.departments) & ~has_above
    above = Q(department__parent__code__in=actor.departments) & has_above
    rows = Approval.objects.filter(theirs | above, sampled=True, seen__isnull=True)
    return rows.exclude(person__uid=actor.uid).exclude(copies__state="waits").order_by("pk")


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """For the home page and the daily mail; empty if nothing waits. now: ms."""
    approval_tasks = []
    count, since = _counted(pending_approvals(actor))
    if count:
        words = ngettext("{count} message", "{count} messages", count).format(count=count)
        where = "approvals" if actor.departments else "my-approvals"  # who was elected answers about files of their own
        label = gettext("Say whether files may leave")
        approval_tasks.append(Task(label, where, (), "", ("wait", words), since, "state=mine", count=count))
    for row in samples_for(actor).select_related("person")[:5]:
        label = gettext("Look at what was decided about own files")
        approval_tasks.append(Task(label, "approval-sample", (row.pk,), str(row.person), ("quiet", gettext("Sample")), row.made))
    return [*_own_account_tasks(actor), *([Tasks(gettext("File approvals"), approval_tasks)] if approval_tasks else [])]


def _own_account_tasks(actor: Actor) -> list[Tasks]:
    """The task for a person whose account is contained: only they know whether they sent the mail."""
    row = Containment.objects.filter(person__uid=actor.uid, state__in=containment_states.OPEN).first()
    if row is None:
        return []
    hint = gettext("Your account acts unlike you, so what it sends waits until the security office has looked (P-25).")
    word = ("stop", gettext("Your mail waits"))
    call = Task(gettext("Call the security office"), "my-mail", (), hint, word, row.made, "state=held")
    return [Tasks(gettext("Your account"), [call])]


# -- for officers: the number and age of waiting items, never whom they concern. Holders of an inactive role are included, because
# they must know when to activate it (D4).

ACTIVATE_FIRST = "Activate the role first."
Rows = Callable[[Actor], QuerySet[Any]]
"""Of four different models."""
_KINDS: dict[Role, tuple[str, ...]] = {"security-officer": ("other", "malware"), "privacy-officer": ("confidential",)}
"""Kinds of requests that an officer with this role can answer (release_states.STEPS)."""


def releases(actor: Actor) -> QuerySet[Release]:
    """Requests of others that this person's roles can answer; a second answer never by the first officer."""
    kinds = [kind for role, some in _KINDS.items() if actor.holds(role) for kind in some]
    rows = Release.objects.filter(state__in=release_states.OPEN, kind__in=kinds).exclude(requester__uid=actor.uid)
    return rows.exclude(first__uid=actor.uid)


def contained(actor: Actor) -> QuerySet[Containment]:
    """Contained accounts of others."""
    return Containment.objects.filter(state__in=containment_states.OPEN).exclude(person__uid=actor.uid)


def contests(_: Actor) -> QuerySet[Contest]:
    return Contest.objects.filter(answer="")


def findings(actor: Actor) -> QuerySet[Finding]:
    """Unanswered findings, and those that wait for another reviewer's second answer."""
    return Finding.objects.filter(Q(state="open") | (Q(state="second") & ~Q(reviewer__uid=actor.uid)))


@dataclass(frozen=True, slots=True)
class OfficerWork:
    """group: as in the menu; act: the permission for the list; route: after the role is activated; role: of the state."""

    group: str
    roles: tuple[Role, ...]
    act: str
    rows: Rows
    route: str
    label: str
    role: str = "wait"


_SECURITY: tuple[Role, ...] = ("security-officer",)
_RULES: tuple[Role, ...] = ("policy-approver", "policy-author", *_SECURITY)
OFFICER_WORK = (
    OfficerWork("Mail rules", _SECURITY, "containment.see", contained, "contained", "Check compromised accounts", "stop"),
    OfficerWork("Mail rules", tuple(_KINDS), "releases.see", releases, "releases", "Decide on release requests"),
    OfficerWork("Mail rules", _RULES, "contest.answer", contests, "contests", "Answer appeals"),
    OfficerWork("Oversight", ("use-reviewer",), "findings.see", findings, "findings", "Look at what rules on use have found"),
)


def officer_tasks(actor: Actor, now: int) -> list[Tasks]:
    """Groups, some empty; one query for each kind of work of this person."""
    work_tasks = [Tasks(gettext(work.group), _work_tasks(work, actor, now)) for work in OFFICER_WORK]
    return [
        *_agreement_tasks(actor),
        Tasks(gettext("Mail rules"), _unchecked_tasks(actor, now)),
        Tasks("Mail rules", _undecided_tasks(actor)),
        *work_tasks,
    ]


def _undecided_tasks(actor: Actor) -> list[Task]:
    """Departments without a decision on approval (P-22)."""
    if not (actor.holds("policy-author") or actor.holds("policy-approver")):
        return []
    count = len(approval_switches.undecided_departments())
    hint = "Until somebody has, files of a department wait as soon as its head can answer."
    word = ("warn", f"{count} not decided")
    task = Task("Decide whose files wait for a manager", "asked-departments", (), hint, word, query="state=undecided", count=count)
    return [task] if count else []


def _unchecked_tasks(actor: Actor, now: int) -> list[Task]:
    """Mail held because a check did not answer: only a security officer decides on it."""
    if not actor.holds("security-officer"):
        return []
    label, hint = "Decide about mail that could not be checked", "A check did not answer in time."
    try:
        copies = queries.unchecked(now)
    except LaterError:
        return [Task(label, "quarantine", (), "How much waits cannot be told at this moment.", ("warn", "Not known"))]
    since = from_ms(min((copy.since for copy in copies), default=0))
    task = Task(
        label, "quarantine", (), hint, ("wait", _waiting_text(len(copies))), since, f"rule={rule_keys.UNCHECKED}", count=len(copies)
    )
    return [_or_activate_first(task, "quarantine.release", actor, now)] if copies else []


def _work_tasks(work: OfficerWork, actor: Actor, now: int) -> list[Task]:
    if not any(actor.holds(role) for role in work.roles):
        return []
    count, since = _counted(work.rows(actor))
    task = Task(work.label, work.route, (), "", (work.role, _waiting_text(count)), since, "state=mine", count=count)
    return [_or_activate_first(task, work.act, actor, now)] if count else []


def _waiting_text(count: int) -> str:
    return f"{count} {'waits' if count == 1 else 'wait'}"


def _or_activate_first(task: Task, act: str, actor: Actor, now: int) -> Task:
    """The task, or the hint to activate the role first."""
    return task if guard.could(actor, act, now=now) else replace(task, route="duties", query="", hint=ACTIVATE_FIRST, count=0)


def _counted(rows: QuerySet[Any]) -> tuple[int, datetime | None]:
    totals = rows.order_by().aggregate(count=Count("pk"), since=Min("made"))
    return totals["count"], totals["since"]


def _agreement_tasks(actor: Actor) -> list[Tasks]:
    """Departments whose head must agree in writing, because so many requests are forecast."""
    rows = AskedDepartment.objects.filter(since__isnull=True, department__code__in=actor.departments).select_related("department")
    label = gettext("Say whether files of your department are asked about")
    hint = gettext("More than forty questions a day are foreseen.")
    word = ("wait", gettext("Waits for you"))
    return [
        Tasks(row.department.name, [Task(label, "asked-department", (row.department.code,), hint, word, row.asked)])
        for row in (rows.order_by("pk") if actor.departments else ())
    ]
