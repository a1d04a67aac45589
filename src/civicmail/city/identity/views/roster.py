"""My department: who has mail in it, and what one has and uses (pages, "/dept/<d>/people/"; P-04, P-08)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Kind, Person
from civicmail.city.guard.access_status import why_refused
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.four_eyes import Facts
from civicmail.city.guard.resources import InDepartment, PersonIn, Resource
from civicmail.city.identity.actions import invitations
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.queries import (
    access_status,
    bars,
    personal_use,
    roster,
    usage,
)
from civicmail.city.identity.views.rights import second_person, user_acts
from civicmail.city.pages.city_request import CityRequest, acting, may, or_404, require
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import label


def department_of(code: str) -> Department:
    """The department of an address; its existence is no secret."""
    return get_object_or_404(Department, code=code)


def crumb(where: Department) -> tuple[str, str]:
    """The way back to the people of a department."""
    return f"{where.name}: people", reverse("people", args=[where.code])


@acting("roster.see")
def person(request: CityRequest, department: str, uid: str) -> HttpResponse:
    """Show one person of the department, with authorizations and usage. People who work or worked elsewhere are not shown."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    who = get_object_or_404(Person, uid=uid)
    episode = or_404(who.episodes.filter(department=where).select_related("supervisor", "contract__agency").first())
    now = epoch_ms(request.now)
    facts, barred = access_status.status_of(who.pk, now), bars.blocked_people([who.pk], now).get(who.pk)
    about, today = PersonIn(where.code, who.uid), timezone.localdate(request.now)
    rights = list(who.authorizations.select_related("mailbox", "department", "approver", "requester", "episode").order_by("-since"))
    living = sorted((a for a in rights if a.state in LIVING), key=lambda a: a.role != "holder")  # the own one first
    eyes = second_person(request, living)
    used = usage.evidence(living, today)
    shown = {
        "page": _head(request, where, who, episode, living, facts, barred=barred is not None),
        "department": where,
        "who": who,
        "why": why_refused(facts, now),
        "bar": barred,
        "barred": bars.sentence_of(barred) if barred is not None else "",
        "likenesses": [likeness.unnamed for likeness in bars.likenesses_of(who)] if not episode.ended else [],
        "living": living,
        "here": [(a, _acts(request, a, about, eyes), used[a.pk] if a.state in ("active", "suspended") else None) for a in living],
        "uses": personal_use.allowed_to(who, today),
        "months": usage.months(who),
        "events": roster.timeline(who),
        "roles": who.roles.filter(ended__isnull=True, until__gt=request.now).select_related("department"),
        "ending": who.endings.filter(episode=episode).first(),
    }
    return render(request, "identity/person.html", shown)


def _head(
    request: CityRequest, where: Department, who: Person, episode: Episode, living: list[Any], facts: Any, *, barred: bool
) -> Page:
    about = PersonIn(where.code, who.uid)
    actions = []
    if not living and not episode.ended and not barred and may(request, "request.ask", about):
        actions.append(Action("Request access", f"{reverse('request-new')}?person={who.uid}", primary=True))
    if not episode.ended and may(request, "access.end", about):
        actions.append(Action("End access…", f"{reverse('leaver', args=[where.code])}?person={who.uid}"))
    if not episode.ended and (living or _decides(who, request.now)):
        actions += _signin(request, who, about)
    if episode.contract and not episode.ended and may(request, "violation.record", about):
        actions.append(Action("Record a violation…", reverse("violation-record", args=[who.uid])))
    if may(request, "person.change", about):
        ways = ("rehire",) if episode.ended else ("change", "move")
        words = {"rehire": "Works here again…", "change": "Change…", "move": "Move…"}
        actions += [Action(words[way], reverse(f"person-{way}", args=[where.code, who.uid])) for way in ways]
    if facts.owed is not None and may(request, "policy.paper", about):
        actions.append(Action("Record a paper…", f"{reverse('policy-paper')}?person={who.uid}"))
    if may(request, "outside.of-person", about):
        actions.append(Action("External systems", reverse("outside-person", args=[where.code, who.uid])))
    page_facts = [
        ("Kind", Kind(episode.kind).label),
        ("Position", episode.position or "none"),
        ("Supervisor", episode.supervisor or "none"),
    ]
    if not living and (kept := who.reserved.filter(main=True).first()):
        page_facts.append(("Address, once authorized", kept.address))
    if episode.contract:
        page_facts.append(("Contract", f"{episode.contract}, until {episode.contract.ends:%b %-d, %Y}"))
    state = label("left" if episode.ended else "active")
    return Page(who.display, where.name, [crumb(where)], state, page_facts, actions)


def _decides(who: Person, now: Any) -> bool:
    """Whether a person has tasks on the pages without having mail: a head, a deputy, a holder of a role."""
    leads = Department.objects.filter(Q(head=who) | Q(deputies=who), closed__isnull=True)
    return leads.exists() or who.roles.filter(ended__isnull=True, until__gt=now).exists()


def _signin(request: CityRequest, who: Person, about: Resource) -> list[Action]:
    """A letter to set up a sign-in for who has none; after a loss it is the access office's; none where a provider signs in."""
    if settings.CITY.signin.oidc or settings.CITY.signin.saml:
        return []
    if invitations.needs_letter(who):
        return (
            [Action("Make a sign-in letter…", reverse("invite", args=[who.uid]))] if may(request, "account.invite", about) else []
        )
    return [Action("Lost sign-in…", reverse("recover", args=[who.uid]))] if may(request, "account.recover", about) else []


def _acts(request: CityRequest, a: Any, about: Resource, eyes: Facts) -> list[Action]:
    """Acts on one authorization, each with a page of its own."""
    if a.state == "asked":
        return [Action("Look at the request", reverse("request", args=[a.pk]))]
    acts = user_acts(request, a, eyes)
    if a.role == "holder" and a.state == "active" and may(request, "access.suspend", about):
        acts.append(Action("Suspend…", reverse("suspend", args=[a.pk])))
    if a.role == "holder" and a.state == "suspended" and may(request, "access.resume", about):
        acts.append(Action("Resume…", reverse("resume", args=[a.pk])))
    return acts
