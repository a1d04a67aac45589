"""What pages and the daily mail ask about what waits in this room: files for a manager, and for officers requests to let something
go, contests, findings and accounts that somebody else may have taken (P-12, P-22, P-25, P-29)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils.translation import gettext, ngettext

from civicmail.city.access import guard
from civicmail.city.access.actors import Actor
from civicmail.city.access.duties import Duty
from civicmail.city.access.moments import moment
from civicmail.city.access.queries.tasks import Task, Tasks
from civicmail.core.config.errors import LaterError
from civicmail.desk.holding import containmentstates, queries, releasestates, switches
from civicmail.desk.holding.keptback import UNCHECKED
from civicmail.desk.holding.models import Approval, AskedDepartment, Containment, Contest, Finding, Release


def waiting(actor: Actor) -> QuerySet[Approval]:
    """Messages about which this person may say something now: of others in their departments, and their own where they decide."""
    theirs = Q(department__code__in=actor.departments, own=False) & ~Q(person__uid=actor.uid)
    own = Q(own=True, person__uid=actor.uid)
    return Approval.objects.filter(theirs | own, copies__state="waits").distinct()


def waiting_for(actor: Actor) -> int:
    return waiting(actor).count()


def samples_for(actor: Actor) -> QuerySet[Approval]:
    """What others decided about files of their own, and a next head looks at, as approvers.above says: never one's own."""
    has_above = Q(department__head=F("person"), department__parent__isnull=False)
    theirs = Q(department__code__in=actor.departments) & ~has_above
    above = Q(department__parent__code__in=actor.departments) & has_above
    rows = Approval.objects.filter(theirs | above, sampled=True, seen__isnull=True)
    return rows.exclude(person__uid=actor.uid).exclude(copies__state="waits").order_by("pk")


def tasks(actor: Actor, now: int) -> list[Tasks]:
    """For the page Home and the daily mail; nothing where nothing waits. now: ms."""
    found = []
    count, since = _counted(waiting(actor))
    if count:
        words = ngettext("{count} message", "{count} messages", count).format(count=count)
        where = "approvals" if actor.departments else "my-approvals"  # who was elected answers about files of their own
        found.append(Task(gettext("Say whether files may leave"), where, (), "", ("wait", words), since, "state=waits"))
    for row in samples_for(actor).select_related("person")[:5]:
        label = gettext("Look at what was decided about own files")
        found.append(Task(label, "approval-sample", (row.pk,), str(row.person), ("quiet", gettext("Sample")), row.made))
    return [*_own_account(actor), *([Tasks(gettext("Approvals"), found)] if found else [])]


def _own_account(actor: Actor) -> list[Tasks]:
    """Somebody whose mail waits because their account acts unlike them: nobody but they can say whether it was them."""
    row = Containment.objects.filter(person__uid=actor.uid, state__in=containmentstates.OPEN).first()
    if row is None:
        return []
    hint = gettext("Your account acts unlike you, so what it sends waits until the security office has looked (P-25).")
    word = ("stop", gettext("Your mail waits"))
    call = Task(gettext("Call the security office"), "my-mail", (), hint, word, row.made, "state=held")
    return [Tasks(gettext("Your account"), [call])]


# -- for officers: how much waits and since when, never about whom. Whoever holds a duty that is taken up first hears of it all the
# same, else nobody would know when to take it up (D4).

TAKE_UP = "Take the duty up first."
Rows = Callable[[Actor], QuerySet[Any]]
"""Of four different models."""
_KINDS: dict[Duty, tuple[str, ...]] = {"security-officer": ("other", "malware"), "privacy-officer": ("confidential",)}
"""Which requests an officer of this duty can answer (releasestates.STEPS)."""


def releases(actor: Actor) -> QuerySet[Release]:
    """Requests of others that wait for one of this person's duties; a second word never of whoever gave the first."""
    kinds = [kind for duty, some in _KINDS.items() if actor.holds(duty) for kind in some]
    rows = Release.objects.filter(state__in=releasestates.OPEN, kind__in=kinds).exclude(requester__uid=actor.uid)
    return rows.exclude(first__uid=actor.uid)


def contained(actor: Actor) -> QuerySet[Containment]:
    """Accounts of others whose mail waits."""
    return Containment.objects.filter(state__in=containmentstates.OPEN).exclude(person__uid=actor.uid)


def contests(_: Actor) -> QuerySet[Contest]:
    return Contest.objects.filter(answer="")


def findings(actor: Actor) -> QuerySet[Finding]:
    """What nobody has answered, and what waits for somebody else's second word."""
    return Finding.objects.filter(Q(state="open") | (Q(state="second") & ~Q(reviewer__uid=actor.uid)))


@dataclass(frozen=True, slots=True)
class Work:
    """group: as the menu names it; act: lets one see the list, route, once a duty was taken up; role: of the state."""

    group: str
    duties: tuple[Duty, ...]
    act: str
    rows: Rows
    route: str
    label: str
    role: str = "wait"


_SECURITY: tuple[Duty, ...] = ("security-officer",)
_RULES: tuple[Duty, ...] = ("policy-approver", "policy-author", *_SECURITY)
WORK = (
    Work("Rule book", _SECURITY, "containment.see", contained, "contained", "Look at accounts that may have been taken", "stop"),
    Work("Rule book", tuple(_KINDS), "releases.see", releases, "releases", "Say whether mail may be let go"),
    Work("Rule book", _RULES, "contest.answer", contests, "contests", "Answer who says that we were wrong"),
    Work("Oversight", ("use-reviewer",), "findings.see", findings, "findings", "Look at what rules on use have found"),
)


def office(actor: Actor, now: int) -> list[Tasks]:
    """Groups, some with nothing in them; one query for each kind of work that this person has."""
    found = [Tasks(gettext(work.group), _task(work, actor, now)) for work in WORK]
    return [*_agreeing(actor), Tasks(gettext("Rule book"), _unchecked(actor, now)), Tasks("Rule book", _undecided(actor)), *found]


def _undecided(actor: Actor) -> list[Task]:
    """Departments about which nobody has decided whether their files wait for a manager (P-22)."""
    if not (actor.holds("policy-author") or actor.holds("policy-approver")):
        return []
    count = len(switches.undecided())
    hint = "Until somebody has, files of a department wait as soon as its head can answer."
    word = ("warn", f"{count} not decided")
    task = Task("Decide whose files wait for a manager", "asked-departments", (), hint, word, query="state=undecided")
    return [task] if count else []


def _unchecked(actor: Actor, now: int) -> list[Task]:
    """Mail that a check which did not answer has kept back: nobody but a security officer decides about it."""
    if not actor.holds("security-officer"):
        return []
    label, hint = "Decide about mail that could not be checked", "A check did not answer in time."
    try:
        copies = queries.unchecked(now)
    except LaterError:
        return [Task(label, "quarantine", (), "How much waits cannot be told at this moment.", ("warn", "Not known"))]
    since = moment(min((copy.since for copy in copies), default=0))
    task = Task(label, "quarantine", (), hint, ("wait", _waits(len(copies))), since, f"rule={UNCHECKED}")
    return [_allowed(task, "quarantine.release", actor, now)] if copies else []


def _task(work: Work, actor: Actor, now: int) -> list[Task]:
    if not any(actor.holds(duty) for duty in work.duties):
        return []
    count, since = _counted(work.rows(actor))
    task = Task(work.label, work.route, (), "", (work.role, _waits(count)), since, "state=mine")
    return [_allowed(task, work.act, actor, now)] if count else []


def _waits(count: int) -> str:
    return f"{count} {'waits' if count == 1 else 'wait'}"


def _allowed(task: Task, act: str, actor: Actor, now: int) -> Task:
    """The task, or that the duty has to be taken up first."""
    return task if guard.could(actor, act, now=now) else replace(task, route="duties", query="", hint=TAKE_UP)


def _counted(rows: QuerySet[Any]) -> tuple[int, datetime | None]:
    said = rows.order_by().aggregate(count=Count("pk"), since=Min("made"))
    return said["count"], said["since"]


def _agreeing(actor: Actor) -> list[Tasks]:
    """Where so many questions are foreseen that the department's head has to agree in writing."""
    rows = AskedDepartment.objects.filter(since__isnull=True, department__code__in=actor.departments).select_related("department")
    label = gettext("Say whether files of your department are asked about")
    hint = gettext("More than forty questions a day are foreseen.")
    word = ("wait", gettext("Waits for you"))
    return [
        Tasks(row.department.name, [Task(label, "asked-department", (row.department.code,), hint, word, row.asked)])
        for row in (rows.order_by("pk") if actor.departments else ())
    ]
