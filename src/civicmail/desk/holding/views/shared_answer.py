"""One answer to several requests for approval, ticked in their list ("/holding/approvals/together/")."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.lists import ListRequest
from civicmail.city.pages.page import Page
from civicmail.desk.holding.actions import shared_answers
from civicmail.desk.holding.lists.approvals import FILE_APPROVALS, files_text
from civicmail.desk.holding.models import Approval
from civicmail.desk.holding.views.approvals import result_text

VERBS = {"approve": "Approve", "refuse": "Deny"}
DONE = {"approve": "approved", "refuse": "denied"}


class ApproveForm(forms.Form):
    """A reason is possible."""

    reason = text_field("Why?", "The senders read it.", required=False)


class DenyForm(forms.Form):
    """One reason for all."""

    reason = text_field("Why?", "Each sender reads it. At least 10 characters.", min_length=10)


@acting("approvals.see")
def together(request: CityRequest) -> HttpResponse:
    """Show which of the chosen requests get the answer, which need a look of their own and why; then answer."""
    require(request, "approvals.see")
    given = request.POST if request.method == "POST" else request.GET
    answer = given.get("act", "")
    reader = ListRequest(request.actor, epoch_ms(request.now))
    ids = [int(value) for value in given.getlist("row")[: shared_answers.MAX_REQUESTS] if value.isdecimal()]
    rows = FILE_APPROVALS.with_related(FILE_APPROVALS.rows(reader)).filter(pk__in=ids).order_by("ends", "made", "pk")
    if answer not in VERBS or not rows:
        messages.info(request, "Tick messages that wait for an answer first.")
        return redirect("approvals")
    form = (DenyForm if answer == "refuse" else ApproveForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        outcome = run_verb(
            form, lambda: shared_answers.decide_together(rows, answer, actor=request.actor, reason=reason, now=reader.now)
        )
        if outcome is not None:
            _tell(request, answer, outcome, reader)
            return redirect("approvals")
    ready, singles = shared_answers.sort_out(rows, answer, actor=request.actor, now=reader.now)
    verb, count = VERBS[answer], _counted(len(ready))
    page = Page(f"{verb} {count}?", "File approvals", [("File approvals", reverse("approvals"))])
    shown: dict[str, Any] = {
        "page": page,
        "form": form,
        "answer": answer,
        "button": f"{verb} {count}",
        "ready": [(row, files_text(row, reader), [c.address for c in row.copies.all() if c.state == "waits"]) for row in ready],
        "singles": [(each.row, files_text(each.row, reader), each.reason) for each in singles],
        "back": reverse("approvals"),
    }
    return render(request, "holding/shared_answer.html", shown, status=status_of(form))


def _tell(request: CityRequest, answer: str, outcome: shared_answers.Outcome, reader: ListRequest) -> None:
    """Say how many were answered; and each that was not, or that something else still keeps."""
    if outcome.decisions:
        messages.success(request, f"{_counted(len(outcome.decisions))} {DONE[answer]}. The senders are told.")
    problems = [(each.row, each.reason) for each in outcome.singles]
    problems += [(row, result_text(copies)) for row, copies in outcome.decisions if any(c.kept or c.done is None for c in copies)]
    if problems:
        items = format_html_join("", "<li>{}: {}</li>", ((_link(row, reader), words) for row, words in problems))
        messages.warning(request, format_html("Look at these yourself:<ul>{}</ul>", items))


def _link(row: Approval, reader: ListRequest) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("approval", args=[row.pk]), files_text(row, reader))


def _counted(count: int) -> str:
    return f"{count} {'message' if count == 1 else 'messages'}"
