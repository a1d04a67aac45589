"""One answer to several requests for approval, ticked in their list ("/holding/approvals/together/")."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.shared_answers import Outcome
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.lists import ListRequest
from civicmail.city.pages.page import Page
from civicmail.city.pages.shared_answer import DONE, VERBS, AnswerForm, ticked, title, warn_of_others
from civicmail.desk.holding.actions import shared_answers
from civicmail.desk.holding.lists.approvals import FILE_APPROVALS, files_text
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.holding.views.approvals import result_text


@acting("approvals.see")
def together(request: CityRequest) -> HttpResponse:
    """Show which of the chosen requests get the answer, which need a look of their own and why; then answer."""
    require(request, "approvals.see")
    reader, (answer, ids) = ListRequest(request.actor, epoch_ms(request.now)), ticked(request)
    rows = FILE_APPROVALS.with_related(FILE_APPROVALS.rows(reader)).filter(pk__in=ids).order_by("ends", "made", "pk")
    if not answer or not rows:
        messages.info(request, "Tick messages that wait for an answer first.")
        return redirect("approvals")
    form = AnswerForm(request.POST or None, answer=answer, readers="senders")
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        outcome = run_verb(
            form, lambda: shared_answers.decide_together(rows, answer, actor=request.actor, reason=reason, now=reader.now)
        )
        if outcome is not None:
            _tell(request, answer, outcome, reader)
            return redirect("approvals")
    ready, singles = shared_answers.sort_out(rows, answer, actor=request.actor, now=reader.now)
    button = f"{VERBS[answer]} {_counted(len(ready))}"
    shown: dict[str, Any] = {
        "page": Page(title(button, ready), "File approvals", [("File approvals", reverse("approvals"))]),
        "form": form,
        "answer": answer,
        "button": button,
        "ready": [_ready(row, reader) for row in ready],
        "singles": [
            {"url": _url(row), "name": files_text(row, reader), "hint": f"from {row.person}.", "reason": reason}
            for row, reason in ((each.row, each.reason) for each in singles)
        ],
        "back": reverse("approvals"),
    }
    return render(request, "holding/shared_answer.html", shown, status=status_of(form))


def _ready(row: Approval, reader: ListRequest) -> dict[str, Any]:
    addresses = [copy.address for copy in row.copies.all() if copy.state == "waits"]
    return {"pk": row.pk, "row": row, "url": _url(row), "files": files_text(row, reader), "addresses": addresses}


def _tell(request: CityRequest, answer: str, outcome: Outcome[Approval, list[ApprovalCopy]], reader: ListRequest) -> None:
    """Say how many were answered; and each that was not, or that something else still keeps."""
    if outcome.decisions:
        messages.success(request, f"{_counted(len(outcome.decisions))} {DONE[answer]}. The senders are told.")
    problems = [(each.row, each.reason) for each in outcome.singles]
    problems += [(row, result_text(copies)) for row, copies in outcome.decisions if any(c.kept or c.done is None for c in copies)]
    warn_of_others(request, [(_url(row), files_text(row, reader), words) for row, words in problems])


def _url(row: Approval) -> str:
    return reverse("approval", args=[row.pk])


def _counted(count: int) -> str:
    return f"{count} {'message' if count == 1 else 'messages'}"
