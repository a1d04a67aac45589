"""The page Setup: open to all while the installation is unclaimed, then for those who set it up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from civicmail.city.guard import guard
from civicmail.city.guard.actors import machine
from civicmail.city.guard.authorization_rules import needs_activation
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity import setup_code
from civicmail.city.identity.actions import office_lists as verbs
from civicmail.city.identity.actions.claiming import claim_installation
from civicmail.city.identity.queries import office_lists
from civicmail.city.identity.queries.home_tasks import Task
from civicmail.city.pages.city_request import CityRequest, acting, could, may, me, require
from civicmail.city.pages.page import Page
from civicmail.core.config.errors import RefusedError, UsageError
from civicmail.front.web.firststeps.claim_form import ClaimForm
from civicmail.front.web.firststeps.steps import Link, Step, steps
from civicmail.front.web.local_requests import is_local
from civicmail.front.web.signin.request_actor import client
from civicmail.front.web.signin.welcome import SECRET
from civicmail.front.web.system import installation

TITLE = "Setup"
EVERY_DEPARTMENT = InDepartment("")
"""What the access office may change, and no department."""
SHOWN = 6
"""How many things that are not set up are shown; *Health* has all."""
STALE = 5 * 60_000
"""ms after which a visit starts new checks."""
_complete: set[Path] = set()
"""Folders whose steps were all done once; the home page then skips the check."""


def is_open() -> bool:
    """Whether anybody may see the page, because no role was granted yet."""
    return settings.DATA is not None and not guard.is_claimed(settings.DATA)


@acting("setup.see")
def first_steps(request: CityRequest) -> HttpResponse:
    """How far it is."""
    require(request, "setup.see")
    return shown(request, steps(now=epoch_ms(request.now), local=is_local(request)))


@acting("group.change")
@require_POST
def make_lists(request: CityRequest) -> HttpResponse:
    """Make missing report@ and records@ lists in the department of the person."""
    require(request, "group.change", EVERY_DEPARTMENT)
    department = me(request).episodes.select_related("department").get(ended__isnull=True).department
    made = verbs.make_missing(department, actor=request.actor, reason="first steps", now=epoch_ms(request.now))
    messages.success(request, f"Made: {', '.join(made)}." if made else "Nothing was missing.")
    return redirect("first-steps")


def unclaimed(request: Any) -> HttpResponse:
    """The first page of an unclaimed installation; no sign-in. It makes the setup code, which the owner of the folder can read."""
    setup_code.make(installation.data())
    return _unclaimed(request, ClaimForm())


@require_POST
@never_cache
@sensitive_post_parameters("code")
def claim(request: Any) -> HttpResponse:
    """Claim the installation with the setup code; leads to the page that sets the first passkey."""
    data = installation.data()
    if guard.is_claimed(data):
        return redirect("home")
    form = ClaimForm(request.POST)
    if form.is_valid() and not setup_code.is_right(data, form.cleaned_data["code"]):
        form.add_error("code", "This is not the setup code of this installation.")
    if form.is_valid():
        try:
            owner = replace(machine(f"os:{guard.owner(data)}"), client=client(request))
            secret = claim_installation(form.officer(), actor=owner, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))
        except (RefusedError, UsageError) as refused:
            form.add_error(None, str(refused))
        else:
            request.session[SECRET] = secret
            return redirect(f"{reverse('welcome')}?{urlencode({'next': reverse('first-steps')})}")
    return _unclaimed(request, form, 422)


def _unclaimed(request: Any, form: ClaimForm, status: int = 200) -> HttpResponse:
    steps_ = steps(now=epoch_ms(request.now), local=is_local(request))
    return shown(request, steps_, claimed=False, form=form, status=status)


def shown(
    request: Any, steps_: list[Step], *, claimed: bool = True, form: ClaimForm | None = None, status: int = 200
) -> HttpResponse:
    """The page. form: of the claim, where the installation is unclaimed."""
    missing = (
        claimed
        and bool(may(request, "group.change", EVERY_DEPARTMENT))
        and bool(office_lists.missing(tuple(settings.CITY.city.domains)))
    )
    placed = places([replace(step, links=_links(request, step)) for step in steps_] if claimed else steps_)
    done = sum(step.done for step in steps_)
    context = {
        "page": Page(TITLE, "Home"),
        "places": placed,
        "done": done,
        "count": len(steps_),
        "minutes": sum(step.minutes for step in steps_ if not step.done),
        "claimed": claimed,
        "makes_lists": missing,
        "form": form,
        "good": _good(),
        "missing": _missing(epoch_ms(request.now)) if claimed else [],
        "activates": claimed and needs_activation(may(request, "group.change", EVERY_DEPARTMENT).reason),
        "health": claimed and may(request, "health.see"),
    }
    return render(request, "firststeps/steps.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Place:
    """A step where it stands in the list. state: done; now: the first that can be done; open: can be done, too; later: waits for
    another one. aside: how long it takes, or what it waits for."""

    step: Step
    number: int
    state: Literal["done", "now", "open", "later"]
    aside: str


def places(steps_: list[Step]) -> list[Place]:
    """The steps, numbered from 1."""
    numbers = {step.title: number for number, step in enumerate(steps_, 1)}
    open_ = {step.title for step in steps_ if not step.done}
    ready = [step.title for step in steps_ if not step.done and step.after not in open_]

    def place(step: Step) -> Place:
        number = numbers[step.title]
        if step.done:
            return Place(step, number, "done", "")
        if step.title not in ready:
            return Place(step, number, "later", f"after step {numbers[step.after]}")
        return Place(step, number, "now" if step.title == ready[0] else "open", f"about {step.minutes} min")

    return [place(step) for step in steps_]


def _good() -> list[str]:
    """What works already, in sentences."""
    city = settings.CITY
    return [
        f"These pages, at {city.web.url or city.web.pages}.",
        "The archive: every message is stored before it is acknowledged.",
        *(f"{listener.kind} on {listener.address}, port {listener.port}." for listener in city.gateway.listener),
    ]


def _missing(now: int) -> list[str]:
    """What is not set up, as the last health check says it; the text says what is lost. An old check is begun anew."""
    checks = installation.checks()
    known = checks.last()
    if not known.since and now - known.at > STALE:
        checks.start()
    return [finding.text for finding in known.findings if finding.level == "not-set-up"][:SHOWN]


def _links(request: CityRequest, step: Step) -> tuple[Link, ...]:
    """The links of a step, each with what this person must do first."""
    return tuple(_link(request, link) for link in step.links)


def _link(request: CityRequest, link: Link) -> Link:
    match = resolve(link.url)
    decision = could(request, getattr(match.func, "act", ""), InDepartment(match.kwargs.get("department", "")))
    if decision:
        return link
    if needs_activation(decision.reason):
        return Link(link.label, reverse("duties"), "activate your role first")
    return Link(link.label, "", "needs another role")


def task(request: CityRequest) -> list[Task]:
    """The task for the pages Home and Health, until all steps are done."""
    if not may(request, "setup.see"):
        return []
    if settings.DATA in _complete:
        return []
    steps_ = steps(now=epoch_ms(request.now))
    if settings.DATA is not None and all(step.done for step in steps_):
        _complete.add(settings.DATA)
    open_count = sum(not step.done for step in steps_)
    word = ("quiet", f"{len(steps_) - open_count} of {len(steps_)} done")
    return [Task("Continue the setup", "first-steps", (), next(s.title for s in steps_ if not s.done), word)] if open_count else []


@acting("setup.see")
def identification(request: CityRequest) -> HttpResponse:
    """How senders identify themselves, what happens to mail without it, and where the city decides."""
    require(request, "setup.see")
    city = settings.CITY
    shown = {
        "page": Page("Identification of senders", "System", [(TITLE, reverse("first-steps"))]),
        "wanted": city.senders.identification,
        "refuses": city.senders.without_identification == "refuse",
        "agencies": city.city.agencies_named,
        "name": str(me(request)),
        "city": city.city.name,
    }
    return render(request, "firststeps/identification.html", shown)
