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
from civicmail.desk.workbench import queries as workbench

MOST_UNFOLDED = 30
"""Entries of a menu that shows all its groups unfolded."""


@dataclass(frozen=True, slots=True)
class Item:
    """is_searchable: the page takes words as `q`, so the search box of the head offers it."""

    label: Promise | str
    url: str
    count: int = 0
    current: bool = False
    icon: str = ""
    is_searchable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """entries: what the template lists; a group without any is left out; is_open: unfolded when the page comes."""

    name: Promise | str
    entries: list[Item]
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """groups: by job; own: pages about the person."""

    groups: list[Group]
    own: list[Item]


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A menu entry for people who may perform the act."""

    label: Promise | str
    url_name: str
    act: str
    count: str = ""
    icon: str = "radio_button_unchecked"
    is_searchable: bool = False


MY = (
    MenuEntry(_("Home"), "home", "home", icon="home"),
    MenuEntry(_("My mail"), "my-mail", "my.mail", "unread", icon="mail", is_searchable=True),
    MenuEntry(_("My file approvals"), "my-approvals", "my.approvals", icon="file_present"),
    MenuEntry(_("File approvals"), "approvals", "approvals.see", "approvals", icon="check_circle"),
    MenuEntry(_("Report a violation"), "violation-new", "violation.report", icon="flag"),
)
OWN = (
    MenuEntry(_("My access"), "my-access", "my.access", icon="verified_user"),
    MenuEntry(_("Views of my mail"), "my-viewings", "my.viewings", icon="visibility"),
    MenuEntry(_("My devices"), "my-devices", "my.devices", icon="phone"),
    MenuEntry(_("Set up mail"), "set-up", "my.devices", icon="settings"),
    MenuEntry(_("My sign-in"), "my-sessions", "my.sessions", icon="login"),
    MenuEntry(_("My roles"), "duties", "my.duties", icon="contact_page"),
    MenuEntry(_("Preferences"), "preferences", "home", icon="account_circle"),
)
"""Pages about the person, behind the name in the head."""
DEPARTMENT = (
    MenuEntry(_("People"), "people", "roster.see", icon="groups", is_searchable=True),
    MenuEntry(_("Access requests"), "requests", "roster.see", "requests", icon="group_add"),
    MenuEntry(_("Bulk authorization"), "positions", "roster.authorise", icon="list"),
    MenuEntry(_("Personal use"), "personal-use", "personal-use.set", icon="person"),
    MenuEntry(_("Mailboxes"), "dept-mailboxes", "mailbox.see", icon="folder"),
    MenuEntry(_("Lists"), "dept-lists", "mailbox.see", icon="alternate_email"),
    MenuEntry(_("Violations"), "dept-violations", "violation.see", icon="flag"),
    MenuEntry(_("Access reviews"), "dept-reviews", "roster.see", icon="verified_user"),
    MenuEntry(_("Leavers"), "leavers", "roster.see", icon="logout"),
    MenuEntry(_("Discrepancies"), "dept-reconcile", "roster.see", icon="error_outline"),
    MenuEntry(_("Department report"), "department-report", "statement.see", icon="assessment"),
    MenuEntry(_("Statements"), "statements", "statement.see", icon="edit"),
)
OFFICE = (
    MenuEntry(_("Access overview"), "office", "duty.grant", icon="assessment"),
    MenuEntry(_("Access reviews"), "campaigns", "reviews.see", icon="verified_user"),
    MenuEntry(_("Departments"), "departments", "duty.see", icon="account_balance"),
    MenuEntry(_("Agencies"), "agencies", "agency.see", icon="work"),
    MenuEntry(_("Sponsors"), "sponsors", "agency.see", icon="support_agent"),
    MenuEntry(_("Violations"), "violations", "violations.see", icon="flag"),
    MenuEntry(_("All mailboxes"), "mailboxes", "mailbox.see", icon="folder"),
    MenuEntry(_("All lists"), "lists", "mailbox.see", icon="alternate_email"),
    MenuEntry(_("Policy versions"), "policies", "policy.publish", icon="local_library"),
    MenuEntry(_("Personnel feed"), "feeds", "feed.run", "feeds", icon="update"),
    MenuEntry(_("Role assignments"), "duty-grants", "duty.see", icon="contact_page"),
    MenuEntry(_("Protected mail"), "protected", "protection.see", icon="shield"),
    MenuEntry(_("Throttled sign-ins"), "unlocks", "account.unlock", "locked", icon="timer"),
    MenuEntry(_("Ends of access"), "endings", "duty.grant", icon="event"),
    MenuEntry(_("Discrepancies"), "reconcile", "reconcile.see", icon="error_outline"),
    MenuEntry(_("External systems"), "outside-doors", "outside.see", icon="cloud"),
    MenuEntry(_("Closed accounts"), "closures", "reconcile.see", icon="highlight_off"),
    MenuEntry(_("Statements"), "all-statements", "statements.see", icon="edit"),
)
POLICY = (
    MenuEntry(_("Rules"), "rules", "rules.see", "rules", icon="filter_list"),
    MenuEntry(_("Failure policy"), "fail-matrix", "matrix.see", icon="report"),
    MenuEntry(_("Approval by department"), "asked-departments", "rules.see", icon="account_balance"),
    MenuEntry(_("Emergency rules"), "emergencies", "rules.see", icon="notifications_active"),
    MenuEntry(_("Quarantine"), "quarantine", "quarantine.see", icon="lock"),
    MenuEntry(_("Sent unencrypted"), "sent-plain", "plain.see", icon="lock_open"),
    MenuEntry(_("Reported mail"), "incidents", "reports.see", "incidents", icon="announcement"),
    MenuEntry(_("Release requests"), "releases", "releases.see", "releases", icon="send"),
    MenuEntry(_("Compromised accounts"), "contained", "containment.see", "contained", icon="fingerprint"),
    MenuEntry(_("Appeals"), "contests", "contests.see", "contests", icon="forum"),
)
OVERSIGHT = (
    MenuEntry(_("Examinations"), "mandates", "mandate.see", icon="search"),
    MenuEntry(_("Privileged mail"), "privileged", "privilege.see", "clearances", icon="lock"),
    MenuEntry(_("Audit log"), "entries", "entries.see", icon="history"),
    MenuEntry(_("Ledger"), "ledger", "entries.see", icon="verified_user"),
    MenuEntry(_("Content views"), "viewings", "viewings.see", icon="visibility"),
    MenuEntry(_("Examination report"), "examination-report", "examinations.report", icon="assessment"),
    MenuEntry(_("Use findings"), "findings", "findings.see", "findings", icon="insights"),
)
RECORDS = (
    MenuEntry(_("Records requests"), "records-requests", "records.see", "records", icon="folder"),
    MenuEntry(_("Records mail"), "records-replies", "records.see", "records-mail", icon="mail"),
    MenuEntry(_("Contests"), "records-contests", "records.see", icon="forum"),
    MenuEntry(_("Subject notices"), "records-notices", "records.see", icon="lock"),
    MenuEntry(_("Reading room"), "records-publications", "records.see", icon="public"),
    MenuEntry(_("Statistics"), "records-statistics", "records.see", icon="assessment"),
    MenuEntry(_("Other formats"), "records-formats", "records.see", icon="print"),
)
RETENTION = (
    MenuEntry(_("Legal holds"), "retention-holds", "retention.see", icon="lock"),
    MenuEntry(_("Schedules"), "retention-schedules", "retention.see", icon="event"),
    MenuEntry(_("Due"), "retention-due", "retention.see", icon="insights"),
    MenuEntry(_("Disposals"), "retention-disposals", "retention.see", icon="hourglass_empty"),
)
SYSTEM = (
    MenuEntry(_("Health"), "health", "health.see", icon="check"),
    MenuEntry(_("Mail statistics"), "mail-statistics", "health.see", icon="insights"),
    MenuEntry(_("Trace"), "trace", "system.see", icon="directions", is_searchable=True),
    MenuEntry(_("Queue"), "queue", "system.see", icon="hourglass_empty"),
    MenuEntry(_("Domains"), "domains", "system.see", icon="public"),
    MenuEntry(_("Spam filter"), "spam", "system.see", icon="filter_alt"),
    MenuEntry(_("Webhooks"), "webhooks", "system.see", icon="share"),
    MenuEntry(_("Settings"), "settings", "system.see", icon="settings"),
    MenuEntry(_("Record an accidental view"), "accident", "system.see", icon="visibility_off"),
)


def menu_of(request: CityRequest, actor: Actor) -> Menu:
    """The menu of this person on this page."""
    now = epoch_ms(request.now)
    counts = menu_counts.counts(actor)
    mine = _items(request, actor, MY, now, counts | _mail(actor, now) | _approvals(actor, now), OfPerson(actor.uid))
    if actor.admitted and (actor.supervises or menu_counts.decided_departments(actor) or actor.holds("access-officer")):
        url = reverse("request-new")
        mine.append(Item(_("Request access"), url, current=_is_current(request, url), icon="group_add"))
    own = _items(request, actor, OWN, now, counts, OfPerson(actor.uid))
    menu = [Group(_("My work"), mine)]
    if department := _department(request, actor):
        code, name = department
        menu.append(Group(name, _items(request, actor, DEPARTMENT, now, counts, InDepartment(code), code)))
    menu.append(Group(_("Access office"), _items(request, actor, OFFICE, now, counts)))
    menu.append(Group(_("Mail rules"), _items(request, actor, POLICY, now, counts | _rules(actor, now) | _incidents(actor, now))))
    menu.append(Group(_("Records"), _items(request, actor, RECORDS, now, counts | _records(actor, now))))
    menu.append(Group(_("Retention"), _items(request, actor, RETENTION, now, counts)))
    menu.append(Group(_("Oversight"), _items(request, actor, OVERSIGHT, now, counts | _findings(actor, now))))
    menu.append(Group(_("System"), _items(request, actor, SYSTEM, now, counts) or _taking_up(actor)))
    return _folded([group for group in menu if group.entries], own)


def _folded(groups: list[Group], own: list[Item]) -> Menu:
    """Mark only the nearest of several matching entries, and fold what a long menu need not show."""
    entries = [item for group in groups for item in group.entries]
    nearest = max((len(item.url) for item in (*entries, *own) if item.current), default=0)

    def marked(items: list[Item]) -> list[Item]:
        return [replace(item, current=item.current and len(item.url) == nearest) for item in items]

    shown = [Group(group.name, marked(group.entries)) for group in groups]
    if len(entries) > MOST_UNFOLDED:
        shown[1:] = [replace(g, is_open=any(item.current or item.count for item in g.entries)) for g in shown[1:]]
    return Menu(shown, marked(own))


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
    """How many findings, and privileged messages, wait for this person."""
    counts = {"findings": findings.count_for(actor)} if guard.may(actor, "findings.see", now=now) else {}
    return counts | ({"clearances": workbench.count_clearances()} if guard.could(actor, "clearance.decide", now=now) else {})


def _records(actor: Actor, now: int) -> dict[str, int]:
    """How many requests for records are open."""
    return (
        {"records": records.count_open(), "records-mail": records.count_unread()}
        if guard.may(actor, "records.see", now=now)
        else {}
    )


def _mail(actor: Actor, now: int) -> dict[str, int]:
    """Count of unread messages; none if it is unavailable."""
    may = settings.DATA is not None and guard.may(actor, "my.mail", OfPerson(actor.uid), now=now)
    return {"unread": mailbox.unread_for(actor, now=now)} if may else {}


def _taking_up(actor: Actor) -> list[Item]:
    """The entry for activating a role, for system administrators who have none active."""
    if not actor.holds("system-administrator"):
        return []
    return [Item(_("Activate the role…"), reverse("duties"), icon="login")]


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
            shown.append(Item(line.label, url, count, _is_current(request, url), line.icon, line.is_searchable))
    return shown


def _is_current(request: HttpRequest, url: str) -> bool:
    return request.path == url or (url != "/" and request.path.startswith(url))


def _department(request: HttpRequest, actor: Actor) -> tuple[str, str] | None:
    """The department that the page is about, where the person may see it, else the first that the person decides for."""
    match = request.resolver_match
    code = match.kwargs.get("department", "") if match else ""
    return menu_counts.department_of(actor, code)
