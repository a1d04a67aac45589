"""Pages of sponsors and the agency people who are here under their contracts (P-09; C1)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from civicmail.city.conduct.queries import sponsored_people
from civicmail.city.directory.models import Agency, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.queries import undertakings
from civicmail.city.pages import listing, wording
from civicmail.city.pages.city_request import CityRequest, acting, me, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page


@acting("agency.see")
def everybody(request: CityRequest) -> HttpResponseBase:
    """Agency people of the whole city, by sponsor."""
    require(request, "agency.see")
    page = Page(gettext("Sponsors"), gettext("Sponsors"), [(gettext("Agencies"), reverse("agencies"))])
    return _listed(request, page, None)


@acting("my.sponsored")
def mine(request: CityRequest) -> HttpResponseBase:
    """Agency people sponsored by the viewer."""
    who = me(request)
    require(request, "my.sponsored", OfPerson(who.uid))
    actions = [Action(gettext("Report a violation"), reverse("violation-new"))]
    crumbs = [(gettext("My access"), reverse("my-access"))]
    return _listed(request, Page(gettext("People I sponsor"), gettext("My access"), crumbs, actions=actions), who)


def _listed(request: CityRequest, page: Page, who: Person | None) -> HttpResponseBase:
    today, states = timezone.localdate(request.now), undertakings.states(epoch_ms(request.now))
    owing = {agency: owes for agency, (_, owes) in states.items()}
    filters = [
        Filter("q", gettext("Name"), _named),
        Filter("state", gettext("State"), lambda rows, value: sponsored_people.in_state(rows, value, today, owing), _choices()),
    ]
    if who is None:
        filters += [
            Filter("sponsor", gettext("Sponsor"), lambda rows, value: rows.filter(contract__sponsor__uid=value), _sponsors()),
            Filter("agency", gettext("Agency"), lambda rows, value: rows.filter(contract__agency__code=value), _agencies()),
        ]
    table = listing.from_query(
        request,
        sponsored_people.rows(who),
        caption=gettext("People of agencies"),
        columns=_columns(sponsored_people.left(today), states, whole=who is None),
        filters=filters,
        empty=gettext("No one works here under an agency contract now.")
        if who is None
        else gettext("You sponsor no one who works here now."),
        sort="sponsor" if who is None else "person",
        slim=lambda rows: rows.select_related("person", "department", "contract__agency", "contract__sponsor"),
    )
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _columns(left: dict[int, Any], states: dict[int, tuple[int, bool]], *, whole: bool) -> list[Column]:
    """whole: for viewers of all people, with the sponsor and links to people and agencies."""

    def sponsor(e: Any) -> Cell:
        row, day = e.contract.sponsor, left.get(e.contract.pk)
        if row is None:
            return Cell(gettext("Nobody"), role="warn")
        hint = gettext("left on {day}").format(day=wording.day(day)) if day else ""
        return Cell(str(row), f"{reverse('sponsors')}?sponsor={row.uid}", hint=hint)

    def person(e: Any) -> Cell:
        return Cell(str(e.person), reverse("person", args=[e.department.code, e.person.uid]) if whole else "", hint=e.position)

    def agency(e: Any) -> Cell:
        row = e.contract.agency
        return Cell(row.name, reverse("agency", args=[row.code]) if whole else "", hint=e.contract.number)

    family = ("person__family", "person__given")
    first = Column("sponsor", gettext("Sponsor"), sponsor, ("contract__sponsor__family", "contract__sponsor__given", *family))
    return [
        *([first] if whole else []),
        Column("person", gettext("Person"), person, family),
        Column("department", gettext("Department"), lambda e: str(e.department), ("department__name", *family)),
        Column("agency", gettext("Agency"), agency, ("contract__agency__name", "contract__number", *family)),
        Column(
            "ends", gettext("Contract ends"), lambda e: e.contract.ends, ("contract__ends", *family), name=gettext("contract ends")
        ),
        Column(
            "violations",
            gettext("Open violations"),
            lambda e: e.violations,
            ("violations", *family),
            num=True,
            name=gettext("open violations"),
        ),
        Column("undertaking", gettext("Undertaking"), lambda e: _undertaking(*states[e.contract.agency_id])),
    ]


def _undertaking(version: int, owes: bool) -> Cell:
    words = gettext("Version {version}").format(version=version) if version else gettext("None yet")
    if owes:
        return Cell(gettext("Owed"), role="warn", hint=words)
    return Cell(words, role="plain")


def _named(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    return rows.filter(
        Q(person__display__icontains=words)
        | Q(contract__sponsor__display__icontains=words)
        | Q(contract__agency__name__icontains=words)
    )


def _choices() -> list[tuple[str, str]]:
    words = (
        gettext("open violation"),
        gettext("undertaking owed"),
        gettext("no sponsor, or one who left"),
        gettext("contract ends within 30 days"),
        gettext("contract is over"),
    )
    return list(zip(sponsored_people.STATES, words, strict=True))


def _sponsors() -> list[tuple[str, str]]:
    rows = Person.objects.filter(sponsors__episodes__ended__isnull=True, sponsors__episodes__isnull=False).distinct()
    return list(rows.order_by("family", "given", "pk").values_list("uid", "display"))


def _agencies() -> list[tuple[str, str]]:
    return list(Agency.objects.order_by("name").values_list("code", "name"))
