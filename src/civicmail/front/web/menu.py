"""The menu by duty: people see what they can do, and how much of it is open (the guard decides, never the menu)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from civicmail.city.access import guard
from civicmail.city.access.actors import Actor
from civicmail.city.access.moments import ms
from civicmail.city.access.queries import waiting
from civicmail.city.access.resources import CITY, InDepartment, OfPerson, Resource
from civicmail.city.access.views.asked import Asked
from civicmail.desk.holding import findings, tasks
from civicmail.desk.holding import queries as holding
from civicmail.desk.incidents import queries as incidents
from civicmail.desk.mailbox import queries as mailbox
from civicmail.desk.oversight.queries import rules


@dataclass(frozen=True, slots=True)
class Item:
    label: Promise | str
    url: str
    count: int = 0
    current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """entries: what the template lists; a group without any is left out."""

    name: Promise | str
    entries: list[Item]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of the menu for whoever may do this."""

    label: Promise | str
    url_name: str
    act: str
    count: str = ""


MY = (
    Wanted(_("Home"), "home", "home"),
    Wanted(_("My mail"), "my-mail", "my.mail", "unread"),
    Wanted(_("Who looked at my mail?"), "my-viewings", "my.viewings"),
    Wanted(_("My files"), "my-approvals", "my.approvals"),
    Wanted(_("Approvals"), "approvals", "approvals.see", "approvals"),
    Wanted(_("My access"), "my-access", "my.access"),
    Wanted(_("My devices"), "my-devices", "my.devices"),
    Wanted(_("Set up mail"), "set-up", "my.devices"),
    Wanted(_("My sign-in"), "my-sessions", "my.sessions"),
    Wanted(_("My duties"), "duties", "my.duties"),
    Wanted(_("Report a violation"), "violation-new", "violation.report"),
)
DEPARTMENT = (
    Wanted(_("People"), "people", "roster.see"),
    Wanted(_("Requests"), "requests", "roster.see", "requests"),
    Wanted(_("First roster"), "positions", "roster.authorise"),
    Wanted(_("Personal use"), "personal-use", "personal-use.set"),
    Wanted(_("Mailboxes"), "dept-mailboxes", "mailbox.see"),
    Wanted(_("Lists"), "dept-lists", "mailbox.see"),
    Wanted(_("Violations"), "dept-violations", "violation.see"),
    Wanted(_("Reviews"), "dept-reviews", "roster.see"),
    Wanted(_("Who left"), "leavers", "roster.see"),
    Wanted(_("What does not fit"), "dept-reconcile", "roster.see"),
    Wanted(_("Statement"), "statements", "statement.see"),
)
OFFICE = (
    Wanted(_("Overview"), "office", "duty.grant"),
    Wanted(_("Reviews"), "campaigns", "reviews.see"),
    Wanted(_("Departments"), "departments", "duty.see"),
    Wanted(_("Agencies"), "agencies", "agency.see"),
    Wanted(_("Sponsors"), "sponsors", "agency.see"),
    Wanted(_("Violations"), "violations", "violations.see"),
    Wanted(_("All mailboxes"), "mailboxes", "mailbox.see"),
    Wanted(_("All lists"), "lists", "mailbox.see"),
    Wanted(_("Policy"), "policies", "policy.publish"),
    Wanted(_("Personnel feed"), "feeds", "feed.run", "feeds"),
    Wanted(_("Duties"), "duty-grants", "duty.see"),
    Wanted(_("Protected mail"), "protected", "protection.see"),
    Wanted(_("Throttled sign-ins"), "unlocks", "account.unlock", "locked"),
    Wanted(_("Endings"), "endings", "duty.grant"),
    Wanted(_("What does not fit"), "reconcile", "reconcile.see"),
    Wanted(_("Other doors"), "outside-doors", "outside.see"),
    Wanted(_("Closed accounts"), "closures", "reconcile.see"),
    Wanted(_("Statements"), "all-statements", "statements.see"),
)
POLICY = (
    Wanted(_("Rules"), "rules", "rules.see", "rules"),
    Wanted(_("Fail matrix"), "fail-matrix", "matrix.see"),
    Wanted(_("Who is asked"), "asked-departments", "rules.see"),
    Wanted(_("Emergency rules"), "emergencies", "rules.see"),
    Wanted(_("Quarantine"), "quarantine", "quarantine.see"),
    Wanted(_("Sent unencrypted"), "sent-plain", "plain.see"),
    Wanted(_("Reported mail"), "incidents", "reports.see", "incidents"),
    Wanted(_("To be let go"), "releases", "releases.see", "releases"),
    Wanted(_("Taken accounts"), "contained", "containment.see", "contained"),
    Wanted(_("Contests"), "contests", "contests.see", "contests"),
)
OVERSIGHT = (
    Wanted(_("Mandates"), "mandates", "mandate.see"),
    Wanted(_("Entries"), "entries", "entries.see"),
    Wanted(_("Viewings"), "viewings", "viewings.see"),
    Wanted(_("Findings"), "findings", "findings.see", "findings"),
)
SYSTEM = (
    Wanted(_("Health"), "health", "health.see"),
    Wanted(_("Trace"), "trace", "system.see"),
    Wanted(_("Queue"), "queue", "system.see"),
    Wanted(_("Domains"), "domains", "system.see"),
    Wanted(_("Spam"), "spam", "system.see"),
    Wanted(_("Webhooks"), "webhooks", "system.see"),
    Wanted(_("Settings"), "settings", "system.see"),
    Wanted(_("Seen by accident"), "accident", "system.see"),
)


def groups(request: Asked, actor: Actor) -> list[Group]:
    """The menu of this person on this page."""
    now = ms(request.now)
    counts = waiting.counts(actor)
    mine = _items(request, actor, MY, now, counts | _mail(actor, now) | _approvals(actor, now), OfPerson(actor.uid))
    if actor.admitted and (actor.supervises or waiting.decided_departments(actor) or actor.holds("access-officer")):
        url = reverse("request-new")
        mine.append(Item(_("Ask for access"), url, current=_is_current(request, url)))
    menu = [Group(_("My work"), mine)]
    if department := _department(request, actor):
        code, name = department
        menu.append(Group(name, _items(request, actor, DEPARTMENT, now, counts, InDepartment(code), code)))
    menu.append(Group(_("Access office"), _items(request, actor, OFFICE, now, counts)))
    menu.append(Group(_("Rule book"), _items(request, actor, POLICY, now, counts | _rules(actor, now) | _incidents(actor, now))))
    menu.append(Group(_("Oversight"), _items(request, actor, OVERSIGHT, now, counts | _findings(actor, now))))
    menu.append(Group(_("System"), _items(request, actor, SYSTEM, now, counts) or _taking_up(actor)))
    return _one_current([group for group in menu if group.entries])


def _one_current(groups: list[Group]) -> list[Group]:
    """Of several lines that a page lies under, the nearest: what became of my files lies below the approvals."""
    nearest = max((len(item.url) for group in groups for item in group.entries if item.current), default=0)
    return [
        Group(group.name, [replace(item, current=item.current and len(item.url) == nearest) for item in group.entries])
        for group in groups
    ]


def _rules(actor: Actor, now: int) -> dict[str, int]:
    """How many rules of others, and requests that something is let go, wait for this person's answer."""
    counts = {"rules": len(rules.waiting_for(actor))} if guard.could(actor, "rule.decide", now=now) else {}
    return counts | ({"releases": holding.waiting_for(actor, now)} if guard.may(actor, "releases.see", now=now) else {})


def _approvals(actor: Actor, now: int) -> dict[str, int]:
    """How many messages with files wait for this person's word, whoever's turn it is."""
    return {"approvals": tasks.waiting_for(actor)} if guard.may(actor, "approvals.see", now=now) else {}


def _incidents(actor: Actor, now: int) -> dict[str, int]:
    """How many reported messages, accounts and contests wait for an answer."""
    counts = {"incidents": incidents.waiting()} if guard.may(actor, "reports.see", now=now) else {}
    for key, act, rows in (
        ("contained", "containment.see", tasks.contained), ("contests", "contest.answer", tasks.contests)
    ):  # fmt: skip
        if guard.may(actor, act, now=now):
            counts[key] = rows(actor).count()
    return counts


def _findings(actor: Actor, now: int) -> dict[str, int]:
    """How many findings wait for this person."""
    return {"findings": findings.waiting_for(actor)} if guard.may(actor, "findings.see", now=now) else {}


def _mail(actor: Actor, now: int) -> dict[str, int]:
    """How much of this person's mail nobody has opened; where it cannot be told now, nothing is said."""
    may = settings.DATA is not None and guard.may(actor, "my.mail", OfPerson(actor.uid), now=now)
    return {"unread": mailbox.unread_for(actor, now=now)} if may else {}


def _taking_up(actor: Actor) -> list[Item]:
    """Where to begin, for who keeps the machines running and has not taken that up."""
    if not actor.holds("system-administrator"):
        return []
    return [Item(_("Take up the duty…"), reverse("duties"))]


def _items(
    request: HttpRequest,
    actor: Actor,
    entries: tuple[Wanted, ...],
    now: int,
    counts: dict[str, int],
    about: Resource = CITY,
    department: str = "",
) -> list[Item]:
    shown = []
    for line in entries:
        if guard.could(actor, line.act, about, now=now):
            url = reverse(line.url_name, kwargs={"department": department} if department else None)
            count = counts.get(f"{line.count}:{department}" if department else line.count, 0) if line.count else 0
            shown.append(Item(line.label, url, count, _is_current(request, url)))
    return shown


def _is_current(request: HttpRequest, url: str) -> bool:
    return request.path == url or (url.count("/") > 2 and request.path.startswith(url))


def _department(request: HttpRequest, actor: Actor) -> tuple[str, str] | None:
    """The department that the page is about, where the person may see it, else the first that the person decides for."""
    match = request.resolver_match
    code = match.kwargs.get("department", "") if match else ""
    return waiting.department_of(actor, code)
