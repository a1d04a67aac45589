"""The home page: tasks by their day, overdue ones first; what is under way and what was decided lately; charts for who
looks at numbers."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from civicmail.city.conduct.queries import tasks as conduct
from civicmail.city.guard import examination_grounds
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.queries import home_tasks, office_lists
from civicmail.city.pages.city_request import CityRequest, acting, could, me, require
from civicmail.city.pages.page import Page
from civicmail.desk.holding import own_quarantine
from civicmail.desk.mailbox import queries as mailbox
from civicmail.desk.oversight.queries import content_views, rules
from civicmail.desk.retention.queries import home_tasks as retention
from civicmail.desk.workbench import queries as workbench
from civicmail.front.web import home_decisions, home_numbers, home_running
from civicmail.front.web.firststeps import page as firststeps
from civicmail.front.web.formatting import clock


@acting("home")
def home(request: CityRequest) -> HttpResponse:
    """Before anything else the policy is read and accepted; who declined it sees why nothing else is here."""
    require(request, "home", OfPerson(request.actor.uid))
    now = epoch_ms(request.now)
    facts = request.facts
    if facts.active and facts.owed is not None and facts.owed.is_overdue(now) and not facts.owed.declined:
        return redirect("acknowledge", version=facts.owed.version)
    groups = [*home_tasks.tasks_of(me(request), request.actor, facts, now), *conduct.of(request.actor, now)]
    if mail := _mail(request.actor, now):
        groups.insert(0, home_tasks.Tasks(gettext("My mail"), mail))
    if setup := firststeps.task(request):
        groups.insert(0, home_tasks.Tasks("Setup", setup))
    if records := _records(request, now):
        groups.append(home_tasks.Tasks(gettext("Public records"), records))
    if could(request, "viewings.mark") and (sampled := content_views.tasks(request.now)):
        groups.append(home_tasks.Tasks(gettext("Oversight"), sampled))
    if could(request, "clearance.decide") and (privileged := workbench.clearance_tasks()):
        groups.append(home_tasks.Tasks(gettext("Oversight"), privileged))
    if could(request, "rule.decide") and (proposed := rules.tasks(request.actor)):
        groups.append(home_tasks.Tasks(gettext("Mail rules"), proposed))
    groups += retention.tasks(request.actor, now)
    today = timezone.localdate(request.now)
    asks = any(rule.role != examination_grounds.HEAD for rule in examination_grounds.available_rules(request.actor, now))
    shown = {
        "page": Page(gettext("Home")),
        "tasks": home_tasks.by_due_day(groups, today),
        "today": today,
        "at": clock(request.now),
        "checked": clock(request.now).removesuffix("."),  # of p.m., where the sentence has its own
        "facts": facts,
        "pinned": me(request).saved_views.filter(pinned=True),
        "decisions": home_decisions.of_person(
            request.actor.uid, request.now, sees_examinations=bool(could(request, "mandate.see"))
        ),
        "running": home_running.of_person(request.actor, now),
        "asks": asks and could(request, "mandate.ask"),
        "numbers": home_numbers.of_person(request),
    }
    return render(request, "home.html", shown)


def _mail(actor: Actor, now: int) -> list[home_tasks.Task]:
    """Held mail of the person; own: copies that they may release, which the digest lists too."""
    own, held = own_quarantine.count_for(actor, now), mailbox.held_for(actor, now=now)
    if not held:
        return []
    words = ngettext("{count} held", "{count} held", held).format(count=held)
    label, hint, role = gettext("See what of your mail is held"), gettext("It waits for a person, and you can see why."), "lock"
    if own:
        label, role = gettext("Say whether you want mail that is kept back"), "wait"
        hint = ngettext("{count} waits for you.", "{count} wait for you.", own).format(count=own)
        hint = f"{hint} {gettext('It may be spam, or it has a file from a new sender.')}"
    return [home_tasks.Task(label, "my-mail", (), hint, (role, words), query="state=held", count=held)]


def _records(request: CityRequest, now: int) -> list[home_tasks.Task]:
    """Records requests sent to records@, for their officers, else for the access officer (P-21)."""
    if not (lists := office_lists.read_by(me(request).pk)):
        return []
    tasks_ = []
    if count := mailbox.unread_at(request.actor, lists, now=now):
        words = ngettext("{count} not read", "{count} not read", count).format(count=count)
        label, query = gettext("Read what came to records@"), urlencode({"q": f"to:({' OR '.join(lists)})", "state": "unread"})
        tasks_.append(home_tasks.Task(label, "my-mail", (), lists[0], ("wait", words), query=query, count=count))
    if not request.actor.holds("records-officer"):
        hint = gettext("Mail to records@ comes to you until somebody has that role.")
        tasks_.append(home_tasks.Task(gettext("Name a records officer"), "duty-grants", (), hint, ("warn", gettext("Nobody"))))
    return tasks_
