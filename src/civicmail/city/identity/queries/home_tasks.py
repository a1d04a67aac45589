"""Tasks of the home page: what a person must do now, grouped (pages, "/")."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from civicmail.city.directory.models import Department, Episode, FeedRun, Person
from civicmail.city.guard.access_status import MailFacts
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.models import Authorization, RoleAssignment
from civicmail.city.identity.queries import department_questions, mandates, menu_counts, signin_letters
from civicmail.city.pages import wording
from civicmail.city.pages.days import last_day

MAX_REQUEST_TASKS = 12
"""Departments of one person above which questions about single mailboxes are left to their own heads."""

_URGENT = {"stop": 0, "warn": 1, "wait": 1}
"""Role of a state -> how soon; what is not in it suits any time."""
ENDS_SOON = timedelta(days=30)
"""So long before its end an authorization or a role is a task."""


@dataclass(frozen=True, slots=True)
class Task:
    """label: a verb and its object; route, args, query: where it is done, a list of what waits alone; state: (role, word), the
    number of what waits or the day; since: of the oldest; due: the last day; answered of total: where people answer one by one;
    count: the rows of that list, 0 where it is no list."""

    label: str
    route: str
    args: tuple[object, ...] = ()
    hint: str = ""
    state: tuple[str, str] = field(default_factory=lambda: ("quiet", gettext("Open")))
    since: datetime | None = None
    query: str = ""
    due: date | None = None
    answered: int = 0
    total: int = 0
    count: int = 0

    @property
    def url(self) -> str:
        path = reverse(self.route, args=self.args)
        return f"{path}?{self.query}" if self.query else path

    @property
    def amount(self) -> str:
        """The word of the state, but not the day that stands beside the task already."""
        return "" if self.due is not None and wording.short_day(self.due) in self.state[1] else self.state[1]

    def is_overdue(self, today: date) -> bool:
        """Whether it should have been done, or something stands still until it is."""
        return self.state[0] == "stop" or (self.due is not None and self.due < today)


@dataclass(frozen=True, slots=True)
class Tasks:
    name: str
    tasks: list[Task]


def merge_groups(groups: list[Tasks]) -> list[Tasks]:
    """Merge the tasks of a department, or of one kind of work, at the place of the first of them."""
    by_name: dict[str, list[Task]] = {}
    for group in groups:
        by_name.setdefault(group.name, []).extend(group.tasks)
    return [Tasks(name, some) for name, some in by_name.items()]


@dataclass(frozen=True, slots=True)
class DueTask:
    """A task on Home. group: whose work it is; is_late: overdue."""

    task: Task
    group: str
    is_late: bool


def by_due_day(groups: list[Tasks], today: date) -> list[DueTask]:
    """All tasks as one list: overdue ones first, then by their day, or since when somebody waits, then the rest."""
    tasks = [DueTask(task, group.name, task.is_overdue(today)) for group in groups for task in group.tasks]
    return sorted(tasks, key=lambda each: (not each.is_late, *_urgency(each.task)))


def _urgency(task: Task) -> tuple[int, float]:
    """Tasks with a day or for which a person waits, oldest first; then those that suit any time."""
    if task.due is not None:
        return 1, timezone.make_aware(datetime.combine(task.due, time.max)).timestamp()
    return _URGENT.get(task.state[0], 2), task.since.timestamp() if task.since else float("inf")


def tasks_of(person: Person, actor: Actor, facts: MailFacts, now: int) -> list[Tasks]:
    """Groups with something in them. A fixed number of queries."""
    groups = [Tasks(gettext("My work"), [*_policy(facts, now), *_recovered(person, now), *_mine(person, now)])]
    groups += _departments(actor, now)
    groups.append(Tasks(gettext("Access office"), _office(actor, now)))
    groups.append(Tasks(gettext("My work"), _letters(actor, now)))
    groups.append(Tasks("Looking at mail", _looking(actor, now)))
    return [group for group in groups if group.tasks]


def _policy(facts: MailFacts, now: int) -> list[Task]:
    if facts.owed is None:
        return []
    over = facts.owed.is_overdue(now)
    by = gettext("By {day}").format(day=wording.short_day(last_day(from_ms(facts.owed.until))))
    state = ("stop", gettext("Mail waits for this")) if over else ("warn", by)
    if facts.owed.declined:
        label, hint = gettext("Accept the e-mail policy after all"), gettext("You declined it, so you cannot use mail.")
    else:
        label = gettext("Read and accept the e-mail policy")
        hint = gettext("Version {version} waits for your answer.").format(version=facts.owed.version)
    return [Task(label, "acknowledge", (facts.owed.version,), hint, state, due=last_day(from_ms(facts.owed.until)))]


def _mine(person: Person, now: int) -> list[Task]:
    at = from_ms(now)
    ending = Authorization.objects.filter(person=person, state="active", until__gt=at, until__lte=at + ENDS_SOON).select_related(
        "mailbox"
    )
    tasks = [
        Task(
            gettext("Renew {address} or let it end").format(address=a.mailbox.address),
            "my-access",
            (),
            gettext("Ask your supervisor."),
            ("warn", _ends(a.until)),
            due=last_day(a.until),
        )
        for a in ending[:10]
    ]
    supervised = Episode.objects.filter(supervisor=person, ended__isnull=True)
    without = supervised.exclude(person__authorizations__state__in=["asked", "approved", "active", "suspended"])
    if uids := list(without.values_list("person__uid", flat=True)):
        hint = ngettext("{count} person whom you supervise has none.", "{count} people whom you supervise have none.", len(uids))
        state, query = ("quiet", gettext("When needed")), urlencode({"person": uids[0]}) if len(uids) == 1 else ""
        tasks.append(Task(gettext("Ask for mail access"), "request-new", (), hint.format(count=len(uids)), state, query=query))
    held = RoleAssignment.objects.filter(person=person, ended__isnull=True, until__gt=at, until__lte=at + ENDS_SOON)
    words = gettext("Your role {role} ends")
    tasks += [
        Task(words.format(role=_name(g)), "duties", (), "", ("warn", _ends(g.until)), due=last_day(g.until)) for g in held[:10]
    ]
    return tasks


def _ends(at: datetime) -> str:
    return gettext("Ends {day}").format(day=wording.short_day(last_day(at)))


def _name(grant: RoleAssignment) -> str:
    return wording.translate(ROLES[grant.role].name.lower()) if grant.role in ROLES else grant.role


def _departments(actor: Actor, now: int) -> list[Tasks]:
    codes = menu_counts.decided_departments(actor)
    if not codes:
        return []
    names = dict(Department.objects.filter(code__in=codes, closed__isnull=True).order_by("name").values_list("code", "name"))
    requests = answerable(Authorization.objects.filter(department__code__in=codes), actor).order_by()
    open_ = {
        code: (count, oldest, first)
        for code, count, oldest, first in requests.values("department__code")
        .annotate(count=Count("id"), oldest=Min("asked"), first=Min("id"))
        .values_list("department__code", "count", "oldest", "first")
    }
    bare = _without_access(codes)
    soon = _ending_soon(codes, now)
    few = len(codes) <= MAX_REQUEST_TASKS
    question_counts = department_questions.counts(codes, now) if few else {}
    late = Counter(department_questions.overdue_in(codes, now).values()) if few else Counter[str]()
    return [
        Tasks(
            name,
            [
                *_department(code, open_.get(code), bare.get(code, 0), soon.get(code, 0)),
                *_overdue(code, late[code]),
                *_questions(code, question_counts.get(code, department_questions.Counts())),
            ],
        )
        for code, name in names.items()
    ]


def answerable(rows: QuerySet[Authorization], actor: Actor) -> QuerySet[Authorization]:
    """The requests that this person may answer: not about them, and not theirs."""
    return rows.filter(state="asked").exclude(person__uid=actor.uid).exclude(requester__uid=actor.uid)


def _ending_soon(codes: frozenset[str], now: int) -> dict[str, int]:
    rows = Authorization.objects.filter(
        state="active", department__code__in=codes, until__gt=from_ms(now), until__lte=from_ms(now) + ENDS_SOON
    )
    return dict(rows.order_by().values("department__code").annotate(count=Count("id")).values_list("department__code", "count"))


def _overdue(code: str, late: int) -> list[Task]:
    """Overdue policy answers: the owner is notified (P2)."""
    if not late:
        return []
    hint = ngettext("{count} person cannot send until they do.", "{count} people cannot send until they do.", late)
    state = ("warn", ngettext("{count} overdue", "{count} overdue", late).format(count=late))
    label = gettext("Remind who has not accepted the policy")
    return [Task(label, "people", (code,), hint.format(count=late), state, query="policy=overdue", count=late)]


def _questions(code: str, counts: department_questions.Counts) -> list[Task]:
    """Questions about movers, and about mailboxes that seem unused (M6, M7)."""
    tasks = []
    if counts.arrived:
        hint = ngettext(
            "{count} person came from another department.", "{count} people came from another department.", counts.arrived
        )
        state = ("warn", gettext("Movers"))
        text = hint.format(count=counts.arrived)
        tasks.append(
            Task(gettext("Decide about who came"), "people", (code,), text, state, query="question=arrived", count=counts.arrived)
        )
    if counts.leaving:
        hint = ngettext(
            "Of {count} person who left for another department.",
            "Of {count} people who left for another department.",
            counts.leaving,
        )
        state = ("quiet", gettext("Movers"))
        label = gettext("Say when a mover's access ends")
        text = hint.format(count=counts.leaving)
        tasks.append(Task(label, "dept-mailboxes", (code,), text, state, query="state=moved", count=counts.leaving))
    if idle := counts.never + counts.unused:
        hint = ngettext(
            "{count} mailbox was not used: never in 30 days, or not in 90.",
            "{count} mailboxes were not used: never in 30 days, or not in 90.",
            idle,
        )
        state = ("quiet", gettext("When you can"))
        text = hint.format(count=idle)
        tasks.append(Task(gettext("Ask who still needs mail"), "people", (code,), text, state, query="question=unused", count=idle))
    return tasks


def _without_access(codes: frozenset[str]) -> dict[str, int]:
    living = Authorization.objects.filter(state__in=["asked", "approved", "active", "suspended"]).values("person")
    rows = Episode.objects.filter(department__code__in=codes, ended__isnull=True).exclude(person__in=living).order_by()
    return dict(rows.values("department__code").annotate(count=Count("id")).values_list("department__code", "count"))


def _department(code: str, requests: tuple[int, datetime, int] | None, bare: int, soon: int) -> list[Task]:
    tasks = []
    if requests:
        count, oldest, first = requests
        words = ngettext("{count} request", "{count} requests", count).format(count=count)
        many = Task(gettext("Answer requests for access"), "requests", (code,), "", ("wait", words), oldest, "state=mine")
        tasks.append(replace(many, count=count) if count > 1 else replace(many, route="request", args=(first,), query=""))
    if soon:
        words = ngettext("{count} ends", "{count} end", soon).format(count=soon)
        label = gettext("Look at access that ends within 30 days")
        tasks.append(Task(label, "requests", (code,), "", ("warn", words), query="state=active&until=30", count=soon))
    if bare:
        hint = ngettext("{count} person has no access.", "{count} people have no access.", bare).format(count=bare)
        label, state = gettext("Decide who needs mail"), ("quiet", gettext("When needed"))
        tasks.append(Task(label, "people", (code,), hint, state, query="state=none", count=bare))
    return tasks


def _office(actor: Actor, now: int) -> list[Task]:
    if not actor.holds("access-officer"):
        return []
    tasks = []
    if not actor.has_activated("access-officer", now):
        hint = gettext("Until then you change nothing there, and see what waits.")
        tasks.append(Task(gettext("Activate the role of the access office"), "duties", (), hint, ("quiet", gettext("When needed"))))
    stopped = FeedRun.objects.filter(state__in=["proposed", "stopped"]).count()
    if stopped:
        words = ngettext("{count} reading", "{count} readings", stopped).format(count=stopped)
        tasks.append(
            Task(gettext("Look at the personnel feed"), "feeds", (), "", ("wait", words), query="state=open", count=stopped)
        )
    locked = Account.objects.filter(locked__isnull=False).count()
    if locked:
        words = ngettext("{count} locked", "{count} locked", locked).format(count=locked)
        tasks.append(
            Task(gettext("Release locked sign-ins"), "unlocks", (), "", ("stop", words), query="state=locked", count=locked)
        )
    headless = Department.objects.filter(head__isnull=True, closed__isnull=True).count()
    if headless:
        words = ngettext("{count} department", "{count} departments", headless).format(count=headless)
        hint = gettext("Without one, no one in the department decides who gets mail.")
        tasks.append(Task(gettext("Name a head"), "departments", (), hint, ("warn", words), query="head=none", count=headless))
    return tasks


def _letters(actor: Actor, now: int) -> list[Task]:
    """Sign-in letters that wait for a second person."""
    if not (actor.departments or actor.held):
        return []
    rows = list(signin_letters.waiting_for(actor, now).values_list("pk", "made"))
    if not rows:
        return []
    (first, since), count = rows[0], len(rows)
    words = ngettext("{count} letter", "{count} letters", count).format(count=count)
    many = Task(gettext("Hand over sign-in letters"), "letters", (), "", ("wait", words), since)
    return [replace(many, count=count) if count > 1 else replace(many, route="letter", args=(first,))]


def _recovered(person: Person, now: int) -> list[Task]:
    """Somebody made a new sign-in for this account: they see it for thirty days."""
    rows = list(signin_letters.recoveries_of(person, now)[:1])
    hint = gettext("If you lost nothing, call the security office at once: another person may be using your name.")
    return [
        Task(
            gettext("See who made a new sign-in for you"), "my-sessions", (), hint, ("warn", wording.short_day(last_day(row.made)))
        )
        for row in rows
    ]


def _looking(actor: Actor, now: int) -> list[Task]:
    """Examinations that wait for a second person, and for auditors the unratified ones, from the first minute on (E3, E4)."""
    tasks = []
    if examinations := mandates.waiting_for(actor, now):
        rows = [*examinations.requested, *examinations.urgent]
        since = min([*(row.asked for row in rows), *(change.asked for change in examinations.changes)])
        words = f"{len(examinations)} {'waits' if len(examinations) == 1 else 'wait'}"
        count = len(examinations)
        tasks.append(Task("Decide about looking at mail", "mandates", (), "", ("wait", words), since, "waiting=yes", count=count))
    urgent = list(mandates.unratified(actor)) if actor.holds("auditor") else []
    if urgent:
        late = sum(row.ratified != "due" for row in urgent)
        state = ("stop", f"{late} not ratified") if late else ("warn", f"{len(urgent)} to ratify")
        shown, sealed = sum(not row.sealed for row in urgent), sum(row.sealed for row in urgent)
        hint = f"{sealed} more {'is' if sealed == 1 else 'are'} sealed." if sealed else ""
        query = "ratified=no"
        tasks.append(Task("See what was urgent", "mandates", (), hint, state, urgent[0].asked, query, count=shown))
    return tasks
