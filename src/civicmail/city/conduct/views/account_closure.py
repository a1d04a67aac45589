"""Pages of account closure: count the live mailbox against the archive, decide, print the certificate (P-08, P-15)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from civicmail.city.conduct import closure_states
from civicmail.city.conduct.acts.leavers import COUNT_ACCOUNT, DECIDE_CLOSURE
from civicmail.city.conduct.models import Closure, Leaver
from civicmail.city.conduct.queries import closures
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.pages import act_pages, progress
from civicmail.city.pages.act import FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.progress import Progress


@acting("account.close")
def new(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """The first step: the live copy is counted against the archive."""
    row = act_pages.permitted_row(COUNT_ACCOUNT, request, department, pk)
    if (closure := closures.of_mailbox(row.mailbox_id)) is not None and closure.state != "closed":
        return redirect("closure", pk=closure.pk)
    return act_pages.answer(request, COUNT_ACCOUNT, row, COUNT_ACCOUNT.form_page(row))


def _crumbs(row: Leaver) -> list[tuple[str, str]]:
    code = row.department.code
    return [
        (f"{row.department}: who left", reverse("leavers", args=[code])),
        (str(row.ending.person), reverse("left", args=[code, row.pk])),
    ]


@acting("account.closed")
def one(request: CityRequest, pk: int) -> HttpResponse:
    """The count, the decision, and in the end the certificate, which can be printed."""
    row = get_object_or_404(Closure.objects.select_related(*closures.WITH), pk=pk)
    require(request, "account.closed", InDepartment(row.department.code))
    about = about_mailbox(row.mailbox)
    if request.method == "POST":
        require(request, "account.close", about)
    leaver = Leaver.objects.filter(mailbox=row.mailbox).select_related("department", "ending__person").order_by("-told").first()
    decides = row.state in ("counted", "stopped") and bool(may(request, "account.close", about))
    here = reverse("closure", args=[pk])
    far = Progress(here, 0, 0, row.state in closure_states.WORKER_STATES)
    form_page = FormPage(
        title=f"The account {row.mailbox}", section=str(row.department), submit="Decide about 1 account",
        crumbs=_crumbs(leaver) if leaver else (), state=_state(row), back="",
        facts=[("Department", row.department), ("Asked", row.asked), ("By", str(row.by))], template=progress.TEMPLATE,
        context={
            "row": row, "decides": decides, "cost": f"${row.cost / 100:,.2f}",
            "progress": far, "progress_template": "conduct/closure.html",
        },
    )  # fmt: skip
    if request.method == "POST":
        return act_pages.answer(request, DECIDE_CLOSURE, row, form_page)
    form = act_pages.form_of(DECIDE_CLOSURE, row, request.actor, None)
    return progress.response(
        request, "conduct/closure.html", act_pages.head_of(form_page), far, {**act_pages.context_of(form_page), "form": form}
    )


def _state(row: Closure) -> tuple[str, str]:
    return closure_states.WORDS[row.state]
