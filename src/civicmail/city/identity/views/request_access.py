"""Request access for a person: one form, filled in with what is known (pages, "/access/requests/new"; P-04)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.actions.acting import employment
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.acts.access_requests import ASK_ACCESS
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.person_kinds import latest_end
from civicmail.city.identity.queries import access_reasons, bars, menu_counts, sponsors
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page


@acting("request.ask")
def new(request: CityRequest) -> HttpResponseBase:
    """Ask for the person, then for the reasons, the end and the address."""
    uid = request.GET.get("person", "")
    if not uid:
        return _whom(request)
    who = Person.objects.filter(uid=uid).first()
    if who is None:
        return _whom(request)
    require(request, "request.ask", about_person(who))
    if (bar := bars.blocked_people([who.pk], epoch_ms(request.now)).get(who.pk)) is not None:  # before anybody writes four reasons
        page = Page(f"{who} gets no mail", "Request access", [("Request access", reverse("request-new"))])
        shown = {"page": page, "bar": bar, "barred": bars.sentence_of(bar)}
        return render(request, "identity/barred.html", shown)
    return act_pages.answer(request, ASK_ACCESS, who, _form_page(request, who))


def _whom(request: CityRequest) -> HttpResponseBase:
    """People for whom this person may request access and who have none."""

    def words(rows: Any, value: str) -> Any:
        for word in value.split()[:5]:
            rows = rows.filter(Q(person__display__icontains=word) | Q(person__uid__icontains=word) | Q(position__icontains=word))
        return rows

    codes = menu_counts.decided_departments(request.actor)
    mine = Q(person__uid__in=request.actor.supervises) | Q(department__code__in=codes)
    has = Exists(Authorization.objects.filter(person=OuterRef("person"), role="holder", state__in=LIVING))
    rows = Episode.objects.filter(ended__isnull=True).exclude(person__uid=request.actor.uid).filter(~has)
    if not request.actor.holds("access-officer"):
        rows = rows.filter(mine)
    table = listing.from_query(
        request,
        rows,
        caption="People without access",
        columns=[
            Column("name", "Name", _pick, ("person__family", "person__given")),
            Column("position", "Position", lambda e: e.position, ("position",)),
            Column("department", "Department", lambda e: str(e.department), ("department__name",)),
        ],
        filters=[Filter("q", "Name or number", words)],
        empty="Nobody for whom you may ask is without access. New staff appear after the next personnel feed.",
        sort="name",
        slim=lambda q: q.select_related("person", "department"),
    )
    page = Page("Request access", "Request access")
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _pick(e: Episode) -> Cell:
    return Cell(str(e.person), f"{reverse('request-new')}?person={e.person.uid}", hint=e.person.uid)


def _form_page(request: CityRequest, who: Person) -> FormPage:
    work = employment(who)
    shown = may(request, "roster.see", InDepartment(work.department.code))
    known = access_reasons.for_position(work, request.actor.uid)
    return FormPage(
        title=f"Request mail access for {who}?", section="Request access", submit="Send for approval",
        back=reverse("person", args=[work.department.code, who.uid]) if shown else reverse("home"),
        crumbs=[("Request access", reverse("request-new"))],
        facts=[
            ("Department", work.department), ("Position", work.position or "none"),
            ("Costs", f"${work.department.mailbox_cost / 100:,.2f} a year"),
        ],
        note=known.source if known else "",
        initial={"until": _latest_day(work, request.now), **(known.reasons if known else {})},
        template="identity/request_access.html",
        context={"likenesses": [likeness.unnamed for likeness in bars.likenesses_of(who)]},
    )  # fmt: skip


def _latest_day(work: Episode, now: datetime) -> date:
    """A year minus a day, or the end of the contract."""
    contract = work.contract
    ends, left = (contract.ends, sponsors.sponsor_left(contract)) if contract else (None, None)
    at = timezone.localtime(now)
    return min(at.date() + timedelta(days=364), last_day(latest_end(work.kind, at, ends, left)))
