"""Pages of bars: list them, and end a permanent one, which takes two officers (V3; P-30)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from civicmail.city.conduct.acts.bars import ANSWER_BAR_END, ASK_BAR_END
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import PersonCase
from civicmail.city.identity.actions import barring
from civicmail.city.identity.bars import KINDS
from civicmail.city.identity.models import Bar
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.days import last_day
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Page

ROLES = {"permanent": "stop", "suspension": "lock", "restriction": "warn", "re-entry": "plain"}


@acting("violations.see")
def bars(request: CityRequest) -> HttpResponseBase:
    """Bars in force, and ended ones; a permanent bar follows the person under every name."""
    require(request, "violations.see")

    def lives(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        living = Q(ended__isnull=True) & (Q(until__isnull=True) | Q(until__gt=request.now))
        return rows.filter(living) if value == "now" else rows.exclude(living)

    table = listing.from_query(
        request,
        Bar.objects.all(),
        caption="Bars after violations",
        columns=[
            Column("person", "Person", _person, ("person__family",)),
            Column("kind", "What", lambda b: Cell(KINDS[b.kind].name, role=ROLES[b.kind]), ("kind",)),
            Column("since", "Since", lambda b: b.since, ("since",), name="since"),
            Column("until", "Until", lambda b: b.until and last_day(b.until), ("until",), name="until"),
            Column("ended", "Ended", lambda b: b.ended, ("ended",), name="ended"),
        ],
        filters=[
            Filter("kind", "What", lambda rows, value: rows.filter(kind=value), [(k, m.name) for k, m in KINDS.items()]),
            Filter("lives", "In force", lives, [("now", "now"), ("over", "not any more")]),
        ],
        empty="Nobody is barred.",
        noun="bars",
        sort="-since",
        slim=lambda rows: rows.select_related("person"),
    )  # fmt: skip
    page = Page("Who may not use mail?", "Violations", [("Violations", reverse("violations"))])
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _person(b: Bar) -> Cell:
    return Cell(str(b.person), reverse("bar", args=[b.pk]), hint=b.person.uid)


@acting("violations.see")
def bar(request: CityRequest, pk: int) -> HttpResponse:
    """One bar. A permanent one is ended by two officers citing a law, never by one button."""
    require(request, "violations.see")
    row = act_pages.row_of(ASK_BAR_END, pk, actor=request.actor, now=epoch_ms(request.now))
    about = barring.about_end(row)
    act: Act[Bar, Any, Bar] = ASK_BAR_END if row.asker is None else ANSWER_BAR_END
    if request.method == "POST":
        require(request, act.permission, about)
    lives = row.kind == "permanent" and row.ended is None
    decides = lives and bool(may(request, act.permission, about))
    return act_pages.answer(request, act, row, _form_page(row, about, lives=lives, decides=decides))


def _form_page(row: Bar, about: PersonCase, *, lives: bool, decides: bool) -> FormPage:
    facts: list[tuple[str, Any]] = [("Person", row.person.uid), ("Since", row.since)]
    if row.until is not None:
        facts.append(("Until", last_day(row.until)))
    facts.append(("Department", about.department or "none"))
    state = ("quiet", "Ended") if row.ended is not None else (ROLES[row.kind], KINDS[row.kind].name)
    return FormPage(
        title=f"May {row.person} use mail?", section="Bars", crumbs=[("Bars", reverse("bars"))], state=state, facts=facts,
        back=reverse("bars"), submit="Ask another officer" if row.asker is None else "Answer for 1 person",
        template="conduct/bar.html", context={"bar": row, "lives": lives, "says": KINDS[row.kind].description, "decides": decides},
    )  # fmt: skip
