"""Pages of leavers: confirm the departure, decide about the mail, follow the end of access at each entry point (P-08; L4, L6)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from civicmail.city.conduct.acts.leavers import ANSWER_LEAVER
from civicmail.city.conduct.external_account_states import WORDS
from civicmail.city.conduct.models import Leaver
from civicmail.city.conduct.queries import closures, external_systems, leavers
from civicmail.city.directory.models import Department
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import about_mailbox, about_person
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page


@acting("roster.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """Leavers of a department, the newest first."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    now = epoch_ms(request.now)

    def state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        open_ = leavers.open_rows(now).values("pk")
        if value == "red":
            return rows.filter(pk__in=open_, told__lte=from_ms(now - DAY_MS))
        return rows.filter(pk__in=open_) if value == "open" else rows.filter(choice=value)

    table = listing.from_query(
        request,
        leavers.of_departments([where.code]),
        caption=f"People who left {where.name}",
        columns=[
            Column("person", "Person", lambda r: _person_cell(r, where), ("ending__person__family", "ending__person__given")),
            Column("ended", "Access ended", lambda r: r.ending.when, ("ending__when",), name="ended"),
            Column("state", "Mail", lambda r: _state_cell(r, now), ("choice",)),
            Column("by", "Answered by", lambda r: str(r.person or ""), name="answered by"),
        ],
        filters=[
            Filter("q", "Person", lambda rows, value: rows.filter(ending__person__display__icontains=value)),
            Filter(
                "state", "State", state, [("open", "to be confirmed"), ("red", "not confirmed in time"), *leavers.CHOICES.items()]
            ),
        ],
        empty="Nobody's access has ended yet. Whoever leaves is shown here, and you decide what happens to the mail.",
        noun="people",
        sort="-ended",
    )
    page = Page("Who left, and what happens to the mail?", where.name, [(f"{where.name}: people", _people(where))])
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _people(where: Department) -> str:
    return reverse("people", args=[where.code])


def _person_cell(row: Leaver, where: Department) -> Cell:
    return Cell(str(row.ending.person), reverse("left", args=[where.code, row.pk]), hint=row.mailbox.address)


def _state_cell(row: Leaver, now: int) -> Cell:
    role, words = leavers.state(row, now)
    return Cell(words, role=role)


@acting("roster.see")
def one(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """One leaver: entry points, mail, account."""
    now = epoch_ms(request.now)
    row = act_pages.row_of(ANSWER_LEAVER, department, pk, actor=request.actor, now=now)
    who = row.ending.person
    about, gone = about_person(who), leavers.is_gone(row, now)
    if request.method == "POST":
        require(request, "leaver.answer", about)
    elsewhere = external_systems.endings().filter(account__person=who, ending=row.ending).annotate(name=F("account__door__name"))
    shown = {
        "row": row, "answers": gone and bool(may(request, "leaver.answer", about)), "gone": gone,
        "steps": row.ending.steps.all(), "choice": leavers.CHOICES.get(row.choice, ""),
        "outside": [(e, WORDS[e.state], may(request, "outside.confirm", external_systems.about(e))) for e in elsewhere],
        "rights": Authorization.objects.filter(mailbox=row.mailbox, role="successor", state__in=LIVING).select_related("person"),
        "replies": row.mailbox.replies.filter(ended__isnull=True), "ways": row.mailbox.forwardings.filter(ended__isnull=True),
    }  # fmt: skip
    return act_pages.answer(request, ANSWER_LEAVER, row, _page(request, row, shown))


def _page(request: CityRequest, row: Leaver, shown: dict[str, Any]) -> FormPage:
    where = row.department
    facts: list[tuple[str, Any]] = [("Access ended", row.ending.when), ("Mailbox", row.mailbox.address)]
    if row.answered:
        facts += [("Answered", row.answered), ("By", str(row.person))]
    actions = [Action("Every door, with its time", reverse("ending", args=[row.ending_id]))]
    closing = closures.of_mailbox(row.mailbox_id)
    if closing is not None:
        actions.insert(0, Action("The account", reverse("closure", args=[closing.pk])))
    elif shown["gone"] and row.choice and may(request, "account.close", about_mailbox(row.mailbox)):
        actions.insert(0, Action("Close the account…", reverse("closure-new", args=[where.code, row.pk])))
    crumbs = [(f"{where.name}: who left", reverse("leavers", args=[where.code]))]
    return FormPage(
        title=f"{row.ending.person} left", section=where.name, submit="Confirm 1 leaver", crumbs=crumbs, facts=facts,
        actions=actions, state=leavers.state(row, epoch_ms(request.now)), back="",
        template="conduct/leaver.html", context=shown,
    )  # fmt: skip
