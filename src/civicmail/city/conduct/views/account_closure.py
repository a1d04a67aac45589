"""Pages of account closure: count the live mailbox against the archive, decide, print the certificate (P-08, P-15)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.actors import Actor
from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.queries.actors import about_mailbox
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct import closure_states
from civicmail.city.conduct.actions import account_closure as verbs
from civicmail.city.conduct.models import Closure, Leaver
from civicmail.city.conduct.queries import closures, leavers


class Deciding(ReasonForm):
    """live: how many messages were counted, as the page showed it."""

    decision = forms.ChoiceField(
        label="Your decision",
        choices=[("order", "Close the account"), ("again", "Count once more"), ("drop", "Keep the account as it is")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the answers."},
    )
    live = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("decision", "reason", "live")

    def __init__(self, row: Closure, data: Any = None) -> None:
        super().__init__(data, initial={"live": row.live})
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)
        can = {s.action for s in closure_states.STEPS if s.source == row.state}
        field.choices = [(key, words) for key, words in field.choices if key in can]  # type: ignore[union-attr,misc]  # no groups


@acting("account.close")
def new(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """The first step: the live copy is counted against the archive."""
    where = department_of(department)
    row = get_object_or_404(leavers.of_departments([where.code]), pk=pk)
    require(request, "account.close", about_mailbox(row.mailbox))
    if (closure := closures.of_mailbox(row.mailbox_id)) is not None and closure.state != "closed":
        return redirect("closure", pk=closure.pk)
    form = ReasonForm(request.POST or None)
    back = reverse("left", args=[where.code, row.pk])
    return respond_to_form(
        request,
        form,
        lambda: verbs.ask(row.mailbox, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now)),
        page=Page(f"Close the account {row.mailbox}?", where.name, _crumbs(row)),
        back=back,
        verb="Count 1 mailbox",
        effects=[
            "Every message of the live mailbox is looked for in the archive, and what is missing there is counted.",
            "You see the count, and decide then. Nothing is deleted by this step.",
        ],
        stays=["The archive, its holds and the addresses stay as they are, also afterwards."],
        message=f"The mailbox {row.mailbox} is being counted.",
        to=lambda made: reverse("closure", args=[made.pk]),
    )


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
    form = None
    if row.state in ("counted", "stopped") and may(request, "account.close", about):
        form = Deciding(row, request.POST if request.method == "POST" else None)
        if (
            request.method == "POST"
            and form.is_valid()
            and run_verb(form, lambda: decide(row, form, actor=request.actor, now=epoch_ms(request.now))) is not None
        ):
            messages.success(request, _MESSAGES[form.cleaned_data["decision"]])
            return redirect("closure", pk=row.pk)
    leaver = Leaver.objects.filter(mailbox=row.mailbox).select_related("department", "ending__person").order_by("-told").first()
    facts: list[tuple[str, Any]] = [("Department", row.department), ("Asked", row.asked), ("By", str(row.by))]
    page = Page(f"The account {row.mailbox}", str(row.department), _crumbs(leaver) if leaver else (), _state(row), facts)
    shown = {"page": page, "row": row, "form": form, "cost": f"${row.cost / 100:,.2f}"}
    return render(request, "conduct/closure.html", shown, status=status_of(form) if form else 200)


_MESSAGES = {
    "order": "The account is being closed; the certificate will stand here.",
    "again": "The mailbox is being counted once more.",
    "drop": "The account stays as it is.",
}


def decide(row: Closure, form: Deciding, *, actor: Actor, now: int) -> str:
    """Carry out the chosen decision and return it."""
    c = form.cleaned_data
    recorded: dict[str, Any] = {"actor": actor, "reason": c["reason"], "now": now}
    if c["decision"] == "order":
        verbs.order(row, live=c["live"], **recorded)
    elif c["decision"] == "again":
        verbs.again(row, **recorded)
    else:
        verbs.drop(row, **recorded)
    decision: str = c["decision"]
    return decision


def _state(row: Closure) -> tuple[str, str]:
    return closure_states.WORDS[row.state]


@acting("reconcile.see")
def everywhere(request: CityRequest) -> HttpResponseBase:
    """Certificates of the whole city."""
    require(request, "reconcile.see")
    table = listing.from_query(
        request,
        Closure.objects.all(),
        caption="Closed accounts",
        columns=[
            Column("mailbox", "Mailbox", lambda r: Cell(str(r.mailbox), reverse("closure", args=[r.pk])), ("mailbox__address",)),
            Column("department", "Department", lambda r: str(r.department), ("department__name",)),
            Column("state", "State", lambda r: Cell(_state(r)[1], role=_state(r)[0]), ("state",)),
            Column("live", "Messages", lambda r: r.live, ("live",), num=True, name="messages"),
            Column("closed", "Closed", lambda r: r.closed, ("closed",), name="closed"),
        ],
        filters=[
            Filter("q", "Mailbox", lambda rows, value: rows.filter(mailbox__address__icontains=value)),
            Filter(
                "state",
                "State",
                lambda rows, value: rows.filter(state=value),
                [(key, words[1]) for key, words in closure_states.WORDS.items()],
            ),
        ],
        empty="No account was closed yet. A department closes one on the page of the person who left.",
        noun="accounts",
        sort="-closed",
        slim=lambda rows: rows.select_related("mailbox", "department"),
    )
    return listing.render_list(request, "access/list.html", table, {"page": Page("Which accounts were closed?", "Access office")})
