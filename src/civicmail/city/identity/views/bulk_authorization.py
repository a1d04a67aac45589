"""First roster: who of a position needs mail? The four reasons once, and up to fifty people in one reviewed action (P-04)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.actions import bulk_authorization as verbs
from civicmail.city.identity.acts.positions import WRITE_PROFILE
from civicmail.city.identity.models import Profile
from civicmail.city.identity.queries import bars, feedaddresses, roster
from civicmail.city.identity.views.roster import crumb, department_of
from civicmail.city.pages import act_pages
from civicmail.city.pages.city_request import CityRequest, acting, may, require_could
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import PeopleChoiceForm, end_of_day
from civicmail.city.pages.lists import ticked_ids
from civicmail.city.pages.page import Page


@acting("roster.authorise")
def positions(request: CityRequest, department: str) -> HttpResponse:
    """The positions of a department, those with most people without access first."""
    where = department_of(department)
    require_could(request, "roster.authorise", InDepartment(where.code))
    page = Page("Bulk authorization", where.name, [crumb(where)])
    return render(request, "identity/positions.html", {"page": page, "department": where, "positions": roster.positions(where)})


@acting("roster.authorise")
def position(request: CityRequest, department: str) -> HttpResponse:
    """One position: its profile, and its people without access. The position is in the query string, because it may be any
    words."""
    where, name = _of(request, department)
    profile = newest(where, name)
    page = Page(name, where.name, [crumb(where), ("Bulk authorization", reverse("positions", args=[where.code]))])
    people = _without(where, name)
    shown = {"page": page, "department": where, "position": name, "profile": profile, "people": _addressed(people)}
    shown["elsewhere"] = may(request, "roster.authorise", verbs.about_profile(profile)).reason if profile else ""
    shown["by_hand"] = bars.escalated_people([e.person for e in people], epoch_ms(request.now))
    return render(request, "identity/position.html", {**shown, "most": verbs.MAX_PEOPLE})


@acting("profile.write")
def profile(request: CityRequest, department: str) -> HttpResponse:
    """Edit the four reasons for a position; a new text is a new version, existing authorizations keep the old one."""
    row = act_pages.permitted_row(WRITE_PROFILE, request, department, request.GET.get("position", ""))
    return act_pages.answer(request, WRITE_PROFILE, row, WRITE_PROFILE.form_page(row))


@acting("roster.authorise")
def review(request: CityRequest, department: str) -> HttpResponse:
    """Review the selected people by name, with the act and their number."""
    where, name = _of(request, department)
    profile = newest(where, name)
    if profile is None:
        return redirect(_link("position", where, name))
    chosen = request.POST.getlist("row") if request.method == "POST" else request.GET.getlist("row")
    everybody = {str(e.person.pk): e.person for e in _without(where, name)}
    people = list(Person.objects.filter(pk__in=ticked_ids(chosen[:500])))
    year = timezone.localdate(request.now) + timedelta(days=364)
    form = PeopleChoiceForm(request.POST if request.method == "POST" else None, initial={"until": year, "version": profile.version})
    if request.method == "POST" and form.is_valid():
        until = end_of_day(form.cleaned_data["until"])
        seen = Profile.objects.filter(department=where, position=name, version=form.cleaned_data["version"]).first() or profile
        made = run_verb(form, lambda: verbs.authorize(seen, people, until=until, actor=request.actor, now=epoch_ms(request.now)))
        if made is not None:
            messages.success(request, f"{len(made)} {'person has' if len(made) == 1 else 'people have'} mail access now.")
            return redirect(_link("position", where, name))
    words = "1 person" if len(people) == 1 else f"{len(people)} people"
    crumbs = [crumb(where), (name, _link("position", where, name))]
    page = Page(f"Authorize {words}?", where.name, crumbs, facts=[("Profile version", profile.version), ("Position", name)])
    gone = [str(p) for p in people if str(p.pk) not in everybody]
    shown = {
        "page": page,
        "form": form,
        "people": _named(people),
        "profile": profile,
        "words": words,
        "gone": gone,
        "back": crumbs[-1][1],
    }
    return render(request, "identity/review.html", {**shown, "most": verbs.MAX_PEOPLE}, status=status_of(form))


def newest(where: Department, name: str) -> Profile | None:
    return Profile.objects.filter(department=where, position=name).select_related("by").order_by("-version").first()


def _without(where: Department, name: str) -> list[Episode]:
    rows = Episode.objects.filter(department=where, position=name, ended__isnull=True)
    rows_without = roster.is_without_access(rows).select_related("person", "supervisor", "contract__agency")
    return list(rows_without.order_by("person__family", "person__given")[:500])


def _addressed(episodes: Sequence[Episode]) -> list[tuple[Episode, str]]:
    """Each person with their present address, "" if it will be made from the name."""
    return list(zip(episodes, (address for _, address in _named([e.person for e in episodes])), strict=True))


def _named(people: Sequence[Person]) -> list[tuple[Person, str]]:
    had = feedaddresses.addresses_by_uid({p.uid for p in people})
    return [(p, (had[p.uid].box or had[p.uid].address) if p.uid in had else "") for p in people]


def _of(request: CityRequest, department: str) -> tuple[Department, str]:
    where = department_of(department)
    require_could(request, "roster.authorise", InDepartment(where.code))
    name = request.GET.get("position", "").strip()
    if not name or not Episode.objects.filter(department=where, position=name).exists():
        raise Http404
    return where, name


def _link(route: str, where: Department, name: str) -> str:
    return f"{reverse(route, args=[where.code])}?{urlencode({'position': name})}"
