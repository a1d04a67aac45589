"""Pages of external systems: list, add, change, close, and who has accounts in them (P-08)."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct.actions import external_systems as verbs
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor
from civicmail.city.conduct.views.external_system_forms import GiveAccess
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_response import FORM_TEMPLATE, respond_to_form
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import choices, label, labels


def up() -> list[tuple[str, str]]:
    """The breadcrumb to the list."""
    return [("External systems", reverse("outside-doors"))]


@acting("outside.see")
def door(request: CityRequest, code: str) -> HttpResponseBase:
    """People who have or had accounts in one system."""
    require(request, "outside.see")
    row = get_object_or_404(OutsideDoor.objects.select_related("person"), code=code)
    change = may(request, "outside.change") and row.closed is None
    columns = [
        Column("person", "Person", _account_cell, ("person__family", "person__given")),
        Column("login", "Called there", lambda a: Cell(a.login, full=True), ("login",)),
        Column("since", "Since", lambda a: timezone.localdate(a.since), ("since",), name="since"),
        Column("ended", "Ended", lambda a: a.ended, ("ended",), name="ended"),
    ]
    if change:
        columns.append(Column("act", "", take_cell))
    table = listing.from_query(
        request,
        row.accounts.all(),
        caption=f"People who get into {row}",
        columns=columns,
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(Q(person__display__icontains=value) | Q(login__icontains=value))),
            Filter(
                "state",
                "State",
                lambda rows, value: rows.filter(ended__isnull=value == "in"),
                choices(labels("ended", **{"in": "active"})),
            ),
        ],
        empty=f"Nobody is known to get into {row}. Say who does, so that it ends with their access.",
        noun="people",
        sort="person",
        slim=lambda rows: rows.select_related("person", "episode__department", "door"),
    )
    state = label("retired") if row.closed else None
    page = Page(row.name, "External systems", up(), state, _door_facts(row), _door_actions(row) if change else ())
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _door_facts(row: OutsideDoor) -> list[tuple[str, Any]]:
    how = f"Told: {row.hook}" if row.hook else "By hand"
    return [("Ended by", how), ("Answers for it", row.person), ("Confirmed within", f"{row.days} days")]


def _door_actions(row: OutsideDoor) -> list[Action]:
    return [
        Action("Say who gets in", reverse("outside-give", args=[row.code]), primary=True),
        Action("Change…", reverse("outside-change", args=[row.code])),
        Action("Close…", reverse("outside-close", args=[row.code])),
    ]


def _account_cell(account: OutsideAccount) -> Cell:
    where = account.episode.department
    return Cell(str(account.person), reverse("person", args=[where.code, account.person.uid]), hint=str(where))


def take_cell(account: OutsideAccount) -> Cell:
    """The link to record that an account was ended."""
    if account.ended is not None:
        return Cell()
    return Cell(f"End for {account.person}…", reverse("outside-take", args=[account.pk]))


@acting("outside.change")
def give(request: CityRequest, code: str) -> HttpResponse:
    """Record accounts of one or thousands of people, one a line."""
    require(request, "outside.change")
    row = get_object_or_404(OutsideDoor, code=code)
    form = GiveAccess(request.POST or None)
    back = reverse("outside-door", args=[row.code])
    return respond_to_form(
        request,
        form,
        lambda: verbs.give(
            row, form.people_and_logins(), actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)
        ),
        page=Page(f"Accounts in {row}", "External systems", [*up(), (row.name, back)]),
        back=back,
        template=FORM_TEMPLATE,
        submit="Add these people",
        message=lambda n: f"{n} more {'person gets' if n == 1 else 'people get'} into {row}.",
        note="This only says what is so there: it makes no account. It ends with the person's access here.",
    )
