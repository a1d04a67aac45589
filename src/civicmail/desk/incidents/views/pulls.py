"""Pages of message removal: request it with its count, decide, follow it copy by copy ("/incidents/pulls/")."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import act_pages, listing, progress
from civicmail.city.pages.act import Act, FormPage
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.progress import Progress
from civicmail.city.pages.states import choices
from civicmail.core.query.errors import QueryError
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import message_removal
from civicmail.desk.incidents.acts.incidents import ASK_REMOVAL, SECOND_REMOVAL, UNDO_REMOVAL
from civicmail.desk.incidents.models import Case, Pull
from civicmail.desk.incidents.queries import CopyList
from civicmail.desk.incidents.similar_messages import counted
from civicmail.desk.incidents.states import ALONE_MOST, COPIES, MOVING, PULL, PULLS, begins


@acting("pull.ask")
def ask(request: CityRequest, pk: int) -> HttpResponse:
    """Request a removal, showing how many copies match the words."""
    row = act_pages.permitted_row(ASK_REMOVAL, request, pk)
    words = request.GET.get("q", "").strip()[:400]
    spread, wrong = _spread_or_error(row, words, epoch_ms(request.now))
    removable, mailboxes = counted(spread.copies)
    two = begins(removable + queries.taken_alone(row)) == "asked"
    form_page = FormPage(
        title="Remove this message from mailboxes?", section="Reported mail", back=reverse("incident", args=[pk]),
        crumbs=[("Reported mail", reverse("incidents")), (f"Incident {pk}", reverse("incident", args=[pk]))],
        facts=[("Copies", f"{removable:,}"), ("Mailboxes", f"{mailboxes:,}")],
        submit="Ask a second officer" if two else f"Remove {removable} {'copy' if removable == 1 else 'copies'}",
        template="incidents/ask.html",
        context={
            "row": row, "asked": words, "wrong": wrong, "there": removable, "most": ALONE_MOST, "two": two, "more": spread.more,
            "elsewhere": len(spread.copies) - removable,
        },
    )  # fmt: skip
    response = act_pages.answer(request, ASK_REMOVAL, row, form_page)
    if wrong and response.status_code == HTTPStatus.OK:
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return response


@acting("pull.ask")
def pull(request: CityRequest, pk: int) -> HttpResponseBase:
    """One removal while it runs and afterwards, copy by copy, with the second person's decision and the restore."""
    row = act_pages.row_of(UNDO_REMOVAL, pk, actor=request.actor, now=epoch_ms(request.now))
    is_answer = "answer" in request.POST if request.method == "POST" else row.state == "asked"
    act: Act[Pull, Any, Pull] = SECOND_REMOVAL if is_answer else UNDO_REMOVAL
    done = row.total - queries.remaining_copies(row).count()
    second = row.state == "asked" and bool(may(request, "pull.second", message_removal.about(row)))
    undo = "undo" in PULL.actions(row.state) and bool(may(request, "pull.undo"))
    watched = row.state in MOVING and request.method == "GET" and "undo" not in request.GET  # nobody's reason is swapped away
    far = Progress(reverse("pull", args=[pk]), done, row.total, watched)
    copies = _copies(request, row)
    form_page = FormPage(
        title="Message removal", section="Reported mail", state=PULLS[row.state], back=reverse("incident", args=[row.case_id]),
        crumbs=[("Reported mail", reverse("incidents")), (f"Incident {row.case_id}", reverse("incident", args=[row.case_id]))],
        facts=[
            ("Copies", f"{row.total:,}"),
            ("Requested by", str(row.by)),
            ("Requested", row.made),
            *([("Second officer", str(row.second))] if row.second else []),
        ],
        submit="", template=progress.TEMPLATE,
        context={
            "row": row, "second": second, "undo": undo, "problems": row.copies.filter(problem__gt=""), "listing": copies,
            "progress": far, "progress_template": "incidents/pull.html",
        },
    )  # fmt: skip
    if request.method == "POST":
        return act_pages.answer(request, act, act_pages.permitted_row(act, request, pk), form_page)
    form = act_pages.form_of(act, row, request.actor, None)
    if not far.is_asked_again(request):
        return listing.render_list(
            request, form_page.template, copies, {"page": act_pages.head_of(form_page), "form": form, **form_page.context}
        )
    return progress.response(request, "incidents/pull.html", act_pages.head_of(form_page), far, {**form_page.context, "form": form})


def _copies(request: CityRequest, row: Pull) -> listing.Listing:
    return listing.from_query(
        request,
        row.copies.all(),
        caption="Copies of this removal",
        columns=[
            Column("mailbox", "Mailbox", lambda c: Cell(c.mailbox, full=True), ("mailbox",)),
            Column("state", "State", lambda c: Cell.of(COPIES[c.state], c.problem), ("state",)),
            Column("tried", "When", lambda c: c.tried or "", ("tried",), name="when"),
        ],
        filters=[Filter("state", "State", lambda q, value: q.filter(state=value), choices(COPIES))],
        empty="There is no copy in it.",
        noun="copies",
        sort="mailbox",
    )


def _spread_or_error(row: Case, words: str, now: int) -> tuple[CopyList, str]:
    """Copies that match the words, and the error in them."""
    try:
        return queries.find_copies(row, words, now=now), ""
    except QueryError as error:
        return CopyList((), 0), error.message
