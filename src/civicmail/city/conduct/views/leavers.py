"""Pages of leavers: confirm the departure, decide about the mail, follow the end of access at each entry point (P-08; L4, L6)."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.urls import reverse

from civicmail.city.conduct.acts.leavers import ANSWER_LEAVER
from civicmail.city.conduct.external_account_states import WORDS
from civicmail.city.conduct.models import Leaver
from civicmail.city.conduct.queries import closures, external_systems, leavers
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.actors import about_mailbox, about_person
from civicmail.city.pages import act_pages
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.page import Action


@acting("roster.see")
def one(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """Show one leaver: entry points, mail, account."""
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
        facts += [("Mail", leavers.choice_of(row)), ("Answered", row.answered), ("By", str(row.person))]
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
