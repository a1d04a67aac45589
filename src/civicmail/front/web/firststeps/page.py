"""The page First steps: open to all while the installation is unclaimed, then for those who set it up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.views.decorators.http import require_POST

from civicmail.city.guard import guard
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.actions import office_lists as verbs
from civicmail.city.identity.queries import office_lists
from civicmail.city.identity.queries.home_tasks import Task
from civicmail.city.pages.city_request import CityRequest, acting, could, may, me, require
from civicmail.city.pages.page import Page
from civicmail.city.pages.states import label
from civicmail.front.web.firststeps.steps import Step, steps
from civicmail.front.web.local_requests import is_local

TITLE = "First steps"
EVERY_DEPARTMENT = InDepartment("")
"""What the access office may change, and no department."""
_complete: set[Path] = set()
"""Folders whose steps were all done once; the home page then skips the check."""


def is_open() -> bool:
    """Whether anybody may see the page, because no role was granted yet."""
    return settings.DATA is not None and not guard.is_claimed(settings.DATA)


@acting("setup.see")
def first_steps(request: CityRequest) -> HttpResponse:
    """How far it is."""
    require(request, "setup.see")
    return _shown(request, steps(now=epoch_ms(request.now), local=is_local(request)))


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
    """The first page of an unclaimed installation; no sign-in."""
    return _shown(request, steps(now=epoch_ms(request.now), local=is_local(request)), claimed=False)


def _shown(request: Any, steps_: list[Step], *, claimed: bool = True) -> HttpResponse:
    done = sum(step.done for step in steps_)
    state = label("done") if done == len(steps_) else ("wait", f"{done} of {len(steps_)} done")
    missing = (
        claimed
        and bool(may(request, "group.change", EVERY_DEPARTMENT))
        and bool(office_lists.missing(tuple(settings.CITY.city.domains)))
    )
    steps_shown = [replace(step, links=_links(request, step)) for step in steps_] if claimed else steps_
    shown = {
        "page": Page(TITLE, "Home", state=state),
        "steps": [step for step in steps_shown if not step.done],
        "ready": [step for step in steps_shown if step.done],
        "done": done,
        "count": len(steps_),
        "claimed": claimed,
        "makes_lists": missing,
    }
    return render(request, "firststeps/steps.html", shown)


def _links(request: CityRequest, step: Step) -> tuple[tuple[str, str], ...]:
    """The links of a step; without an address where another role opens the page."""
    return tuple((label, address if _opens(request, address) else "") for label, address in step.links)


def _opens(request: CityRequest, address: str) -> bool:
    match = resolve(address)
    about = InDepartment(match.kwargs.get("department", ""))
    return bool(could(request, getattr(match.func, "act", ""), about))


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
    return (
        [Task("Go on with the first steps", "first-steps", (), next(s.title for s in steps_ if not s.done), word)]
        if open_count
        else []
    )


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
