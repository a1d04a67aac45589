"""One answer to several access requests, ticked in their list ("/dept/D/requests/together/")."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.guard.shared_answers import Outcome
from civicmail.city.identity.actions import invitations, shared_answers
from civicmail.city.identity.lists.access_requests import ACCESS_REQUESTS
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries import home_tasks
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.pages.city_request import CityRequest, acting, may, require_could
from civicmail.city.pages.days import last_day
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.lists import ListRequest
from civicmail.city.pages.page import Page
from civicmail.city.pages.shared_answer import DONE, VERBS, AnswerForm, ticked, title, warn_of_others


@acting("request.decide")
def together(request: CityRequest, department: str) -> HttpResponse:
    """Show which of the chosen requests get the answer, with their reasons, and which need a look of their own; then answer."""
    owner = get_object_or_404(Department, code=department)
    require_could(request, "request.decide", InDepartment(owner.code))
    reader, (answer, ids) = ListRequest(request.actor, epoch_ms(request.now), owner), ticked(request)
    rows = ACCESS_REQUESTS.with_related(ACCESS_REQUESTS.rows(reader)).filter(pk__in=ids).order_by("asked", "pk")
    back = reverse("requests", args=[owner.code])
    if not answer or not rows:
        messages.info(request, "Tick requests that wait for an answer first.")
        return redirect(back)
    form = AnswerForm(request.POST or None, answer=answer, readers="requesters")
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        outcome = run_verb(
            form, lambda: shared_answers.decide_together(rows, answer, actor=request.actor, reason=reason, now=reader.now)
        )
        if outcome is not None:
            _tell(request, answer, outcome)
            is_waiting = home_tasks.answerable(ACCESS_REQUESTS.rows(reader), request.actor).exists()
            return redirect(f"{back}?state=mine" if is_waiting else back)
    ready, singles = shared_answers.sort_out(rows, actor=request.actor, now=reader.now)
    button = f"{VERBS[answer]} {_counted(len(ready))}"
    shown: dict[str, Any] = {
        "page": Page(title(button, ready), "Access requests", [(f"{owner}: requests", back)]),
        "form": form,
        "answer": answer,
        "button": button,
        "ready": [{"pk": row.pk, "row": row, "url": _url(row), "until": last_day(row.until)} for row in ready],
        "singles": [
            {"url": _url(each.row), "name": each.row.person, "hint": f"for {each.row.mailbox}.", "reason": each.reason}
            for each in singles
        ],
        "back": back,
    }
    return render(request, "identity/shared_answer.html", shown, status=status_of(form))


def _tell(request: CityRequest, answer: str, outcome: Outcome[Authorization, Authorization]) -> None:
    """Say how many were answered, which people need a letter for their first sign-in, and each request that was not answered."""
    if outcome.decisions:
        messages.success(request, f"{_counted(len(outcome.decisions))} {DONE[answer]}.")
    began = [row.person for _, row in outcome.decisions if row.role == "holder" and row.state == "active"]
    letters = format_html_join(
        ", ", '<a href="{}">{}</a>', ((reverse("invite", args=[who.uid]), who) for who in _new(request, began))
    )
    if letters:
        messages.info(request, format_html("Make a sign-in letter for {}.", letters))
    warn_of_others(request, [(_url(each.row), str(each.row.person), each.reason) for each in outcome.singles])


def _new(request: CityRequest, people: list[Person]) -> list[Person]:
    """Those for whom this person may make the letter for the first sign-in."""
    return [who for who in people if invitations.needs_letter(who) and may(request, "account.invite", about_person(who))]


def _url(row: Authorization) -> str:
    return reverse("request", args=[row.pk])


def _counted(count: int) -> str:
    return f"{count} {'request' if count == 1 else 'requests'}"
