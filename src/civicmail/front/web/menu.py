"""The menu by role, with counts of open work; the guard decides what is shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import CITY, InDepartment, OfPerson, Resource
from civicmail.city.identity.queries import menu_counts
from civicmail.city.pages.city_request import CityRequest
from civicmail.desk.holding import findings, tasks
from civicmail.desk.holding import queries as holding
from civicmail.desk.incidents import queries as incidents
from civicmail.desk.mailbox import queries as mailbox
from civicmail.desk.oversight.queries import rules
from civicmail.desk.records.queries import requests as records


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
class MenuEntry:
    """A menu entry for people who may perform the act."""

    label: Promise | str
    url_name: str
    act: str
    count: str = ""


MY = (
    MenuEntry(_("Home"), "home", "home"),
    MenuEntry(_("My mail"), "my-mail", "my.mail", "unread"),
    MenuEntry(_("Views of my mail"), "my-viewings", "my.viewings"),
    MenuEntry(_("My file approvals"), "my-approvals", "my.approvals"),
    MenuEntry(_("File approvals"), "approvals", "approvals.see", "approvals"),
    MenuEntry(_("My access"), "my-access", "my.access"),
    MenuEntry(_("My devices"), "my-devices", "my.devices"),
    MenuEntry(_("Set up mail"), "set-up", "my.devices"),
    MenuEntry(_("My sign-in"), "my-sessions", "my.sessions"),
    MenuEntry(_("My roles"), "duties", "my.duties"),
    MenuEntry(_("Report a violation"), "violation-new", "violation.report"),
)
DEPARTMENT = (
    MenuEntry(_("People"), "people", "roster.see"),
    MenuEntry(_("Access requests"), "requests", "roster.see", "requests"),
    MenuEntry(_("Bulk authorization"), "positions", "roster.authorise"),
    MenuEntry(_("Personal use"), "personal-use", "personal-use.set"),
    MenuEntry(_("Mailboxes"), "dept-mailboxes", "mailbox.see"),
    MenuEntry(_("Lists"), "dept-lists", "mailbox.see"),
    MenuEntry(_("Violations"), "dept-violations", "violation.see"),
    MenuEntry(_("Access reviews"), "dept-reviews", "roster.see"),
    MenuEntry(_("Leavers"), "leavers", "roster.see"),
    MenuEntry(_("Discrepancies"), "dept-reconcile", "roster.see"),
    MenuEntry(_("Statements"), "statements", "statement.see"),
)
OFFICE = (
    MenuEntry(_("Access overview"), "office", "duty.grant"),
    MenuEntry(_("Access reviews"), "campaigns", "reviews.see"),
    MenuEntry(_("Departments"), "departments", "duty.see"),
    MenuEntry(_("Agencies"), "agencies", "agency.see"),
    MenuEntry(_("Sponsors"), "sponsors", "agency.see"),
    MenuEntry(_("Violations"), "violations", "violations.see"),
    MenuEntry(_("All mailboxes"), "mailboxes", "mailbox.see"),
    MenuEntry(_("All lists"), "lists", "mailbox.see"),
    MenuEntry(_("Policy versions"), "policies", "policy.publish"),
    MenuEntry(_("Personnel feed"), "feeds", "feed.run", "feeds"),
    MenuEntry(_("Role assignments"), "duty-grants", "duty.see"),
    MenuEntry(_("Protected mail"), "protected", "protection.see"),
    MenuEntry(_("Throttled sign-ins"), "unlocks", "account.unlock", "locked"),
    MenuEntry(_("Ends of access"), "endings", "duty.grant"),
    MenuEntry(_("Discrepancies"), "reconcile", "reconcile.see"),
    MenuEntry(_("External systems"), "outside-doors", "outside.see"),
    MenuEntry(_("Closed accounts"), "closures", "reconcile.see"),
    MenuEntry(_("Statements"), "all-statements", "statements.see"),
)
POLICY = (
    MenuEntry(_("Rules"), "rules", "rules.see", "rules"),
    MenuEntry(_("Failure policy"), "fail-matrix", "matrix.see"),
    MenuEntry(_("Approval by department"), "asked-departments", "rules.see"),
    MenuEntry(_("Emergency rules"), "emergencies", "rules.see"),
    MenuEntry(_("Quarantine"), "quarantine", "quarantine.see"),
    MenuEntry(_("Sent unencrypted"), "sent-plain", "plain.see"),
    MenuEntry(_("Reported mail"), "incidents", "reports.see", "incidents"),
    MenuEntry(_("Release requests"), "releases", "releases.see", "releases"),
    MenuEntry(_("Compromised accounts"), "contained", "containment.see", "contained"),
    MenuEntry(_("Appeals"), "contests", "contests.see", "contests"),
)
OVERSIGHT = (
    MenuEntry(_("Examinations"), "mandates", "mandate.see"),
    MenuEntry(_("Audit log"), "entries", "entries.see"),
    MenuEntry(_("Content views"), "viewings", "viewings.see"),
    MenuEntry(_("Use findings"), "findings", "findings.see", "findings"),
)
RECORDS = (MenuEntry(_("Records requests"), "records-requests", "records.see", "records"),)
SYSTEM = (
    MenuEntry(_("Health"), "health", "health.see"),
    MenuEntry(_("Trace"), "trace", "system.see"),
    MenuEntry(_("Queue"), "queue", "system.see"),
    MenuEntry(_("Domains"), "domains", "system.see"),
    MenuEntry(_("Spam filter"), "spam", "system.see"),
    MenuEntry(_("Webhooks"), "webhooks", "system.see"),
    MenuEntry(_("Settings"), "settings", "system.see"),
    MenuEntry(_("Record an accidental view"), "accident", "system.see"),
)


def groups(request: CityRequest, actor: Actor) -> list[Group]:
    """The menu of this person on this page."""
    now = epoch_ms(request.now)
    counts = menu_counts.counts(actor)
    mine = _items(request, actor, MY, now, counts | _mail(actor, now) | _approvals(actor, now), OfPerson(actor.uid))
    if actor.admitted and (actor.supervises or menu_counts.decided_departments(actor) or actor.holds("access-officer")):
        url = reverse("request-new")
        mine.append(Item(_("Request access"), url, current=_is_current(request, url)))
    menu = [Group(_("My work"), mine)]
    if department := _department(request, actor):
        code, name = department
        menu.append(Group(name, _items(request, actor, DEPARTMENT, now, counts, InDepartment(code), code)))
    menu.append(Group(_("Access office"), _items(request, actor, OFFICE, now, counts)))
    menu.append(Group(_("Mail rules"), _items(request, actor, POLICY, now, counts | _rules(actor, now) | _incidents(actor, now))))
    menu.append(Group(_("Records"), _items(request, actor, RECORDS, now, counts | _records(actor, now))))
    menu.append(Group(_("Oversight"), _items(request, actor, OVERSIGHT, now, counts | _findings(actor, now))))
    menu.append(Group(_("System"), _items(request, actor, SYSTEM, now, counts) or _taking_up(actor)))
    return _one_current([group for group in menu if group.entries])


def _one_current(groups: list[Group]) -> list[Group]:
    """Mark only the nearest of several matching entries."""
    nearest = max((len(item.url) for group in groups for item in group.entries if item.current), default=0)
    return [
        Group(group.name, [replace(item, current=item.current and len(item.url) == nearest) for item in group.entries])
        for group in groups
    ]


def _rules(actor: Actor, now: int) -> dict[str, int]:
    """Counts of rule proposals and release requests that wait for this person."""
    counts = {"rules": len(rules.waiting_for(actor))} if guard.could(actor, "rule.decide", now=now) else {}
    return counts | ({"releases": holding.count_answerable(actor, now)} if guard.may(actor, "releases.see", now=now) else {})


def _approvals(actor: Actor, now: int) -> dict[str, int]:
    """Count of messages with files that this person may decide."""
    return {"approvals": tasks.count_pending(actor)} if guard.may(actor, "approvals.see", now=now) else {}


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
    return {"findings": findings.count_for(actor)} if guard.may(actor, "findings.see", now=now) else {}


def _records(actor: Actor, now: int) -> dict[str, int]:
    """How many requests for records are open."""
    return {"records": records.count_open()} if guard.may(actor, "records.see", now=now) else {}


def _mail(actor: Actor, now: int) -> dict[str, int]:
    """Count of unread messages; none if it is unavailable."""
    may = settings.DATA is not None and guard.may(actor, "my.mail", OfPerson(actor.uid), now=now)
    return {"unread": mailbox.unread_for(actor, now=now)} if may else {}


def _taking_up(actor: Actor) -> list[Item]:
    """The entry for activating a role, for system administrators who have none active."""
    if not actor.holds("system-administrator"):
        return []
    return [Item(_("Activate the role…"), reverse("duties"))]


def _items(
    request: HttpRequest,
    actor: Actor,
    entries: tuple[MenuEntry, ...],
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
    return menu_counts.department_of(actor, code)
