"""Pages of message removal: request it with its count, decide, follow it copy by copy ("/incidents/pulls/")."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import text_field
from civicmail.city.access.views import listing
from civicmail.city.access.views.city_request import CityRequest, acting, may, require
from civicmail.city.access.views.form_verb import run_verb, status_of
from civicmail.city.access.views.listing import Cell, Column, Filter
from civicmail.city.access.views.page import Page
from civicmail.core.query.errors import QueryError
from civicmail.desk.incidents import queries
from civicmail.desk.incidents.actions import message_removal
from civicmail.desk.incidents.models import Case, Pull
from civicmail.desk.incidents.queries import CopyList
from civicmail.desk.incidents.similar_messages import counted
from civicmail.desk.incidents.states import ALONE_MOST, COPIES, PULL, PULLS, begins


class Why(forms.Form):
    """counted: how many copies the officer has seen."""

    counted = forms.IntegerField(widget=forms.HiddenInput)
    reason = text_field("Why?", "At least 10 characters. It stays in the record of every copy.", min_length=10)


class Reason(forms.Form):
    reason = text_field("Why?", "At least 10 characters.", min_length=10)


@acting("pull.ask")
def ask(request: CityRequest, pk: int) -> HttpResponse:
    """Request a removal, showing how many copies match the words."""
    require(request, "pull.ask")
    row = get_object_or_404(Case, pk=pk)
    words = request.GET.get("q", "").strip()[:400]
    spread, wrong = _spread_or_error(row, words, epoch_ms(request.now))
    removable, mailboxes = counted(spread.copies)
    form = Why(request.POST or None, initial={"counted": removable})
    if request.method == "POST" and form.is_valid() and not wrong:
        typed = form.cleaned_data
        made = run_verb(form, lambda: message_removal.ask(
            row, spread.copies, words, typed["counted"], actor=request.actor, reason=typed["reason"], now=epoch_ms(request.now)
        ))  # fmt: skip
        if made is not None:
            messages.success(request, "The copies are taken back now." if made.state == "running" else "A second person is asked.")
            return redirect("pull", made.pk)
        form.data = {**request.POST.dict(), "counted": str(removable)}  # what is on the page now is what the next click is about
    crumbs = [("Reported mail", reverse("incidents")), (f"Case {pk}", reverse("incident", args=[pk]))]
    page = Page("Take it back?", "Pull", crumbs, facts=[("Copies", f"{removable:,}"), ("Mailboxes", f"{mailboxes:,}")])
    shown = {"page": page, "row": row, "form": form, "asked": words, "wrong": wrong, "there": removable, "most": ALONE_MOST,
             "two": begins(removable + queries.taken_alone(row)) == "asked",
             "more": spread.more, "elsewhere": len(spread.copies) - removable}  # fmt: skip
    return render(request, "incidents/ask.html", shown, status=422 if wrong else status_of(form))


@acting("pull.ask")
def pull(request: CityRequest, pk: int) -> HttpResponseBase:
    """One removal, copy by copy, with the second person's decision and the restore."""
    require(request, "reports.see")
    row = get_object_or_404(Pull.objects.select_related("case", "by", "second", "undone_by"), pk=pk)
    form = Reason(request.POST or None)
    if request.method == "POST" and form.is_valid() and _do(request, row, form):
        return redirect("pull", pk)
    done = row.copies.exclude(state="waits").count()
    facts: list[tuple[str, Any]] = [
        ("Copies", f"{done:,} of {row.total:,} done"),
        ("Asked by", str(row.by)),
        ("Asked", row.made),
        *([("Second person", str(row.second))] if row.second else []),
    ]
    crumbs = [("Reported mail", reverse("incidents")), (f"Case {row.case_id}", reverse("incident", args=[row.case_id]))]
    page = Page("How far is it?", "Pull", crumbs, PULLS[row.state], facts)
    second = row.state == "asked" and bool(may(request, "pull.second", message_removal.about(row)))
    undo = "undo" in PULL.actions(row.state) and bool(may(request, "pull.undo"))
    shown = {"page": page, "row": row, "form": form, "second": second, "undo": undo, "problems": row.copies.filter(problem__gt="")}
    return listing.render_list(request, "incidents/pull.html", _copies(request, row), shown)


def _do(request: CityRequest, row: Pull, form: Reason) -> bool:
    """Carry out the button; whether it was done."""
    reason, now, actor = form.cleaned_data["reason"], epoch_ms(request.now), request.actor
    what = request.POST.get("what", "")
    if what == "undo":
        done = run_verb(form, lambda: message_removal.undo(row, actor=actor, reason=reason, now=now))
        words = "The copies are put back now."
    else:
        done = run_verb(form, lambda: message_removal.decide(row, agrees=what == "agree", actor=actor, reason=reason, now=now))
        words = "The copies are taken back now." if what == "agree" else "Nothing is taken back."
    if done is not None:
        messages.success(request, words)
    return done is not None


def _copies(request: CityRequest, row: Pull) -> listing.Listing:
    return listing.from_query(
        request,
        row.copies.all(),
        caption="Copies of this pull",
        columns=[
            Column("mailbox", "Mailbox", lambda c: Cell(c.mailbox, full=True), ("mailbox",)),
            Column("state", "State", lambda c: Cell(COPIES[c.state][1], role=COPIES[c.state][0], hint=c.problem), ("state",)),
            Column("tried", "When", lambda c: c.tried or "", ("tried",), name="when"),
        ],
        filters=[Filter("state", "State", lambda q, value: q.filter(state=value), [(k, w) for k, (_, w) in COPIES.items()])],
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
