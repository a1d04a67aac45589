"""The answers of a reviewer, each with its form; a page warns before what cannot be undone (P-05; R5, R6, R7)."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.errors import Conflict
from civicmail.city.access.forms import end_of_day
from civicmail.city.access.views.city_request import CityRequest, acting, hidden_unless, me, require, require_could
from civicmail.city.access.views.form_response import respond_to_form
from civicmail.city.access.views.page import Page
from civicmail.city.conduct.actions import reassignment, review_answers
from civicmail.city.conduct.actions.review_notices import name_of
from civicmail.city.conduct.models import ReviewPart, ReviewRow
from civicmail.city.conduct.queries import part_reviewers, reviewer_screen
from civicmail.city.conduct.views import review_forms
from civicmail.city.conduct.views.reviewer_screen import after
from civicmail.city.directory.models import Department

WITH = ("review", "part__department", "part__reviewer", "person", "approver", "right__mailbox", "duty")


def _row(request: CityRequest, pk: int) -> ReviewRow:
    """The row, if this person may answer it. Raises Http404 if they may not know of it, NotPermitted."""
    row = get_object_or_404(ReviewRow.objects.select_related(*WITH), pk=pk)
    about = part_reviewers.about_row(row, request.actor.uid, epoch_ms(request.now))
    hidden_unless(request, "review.see", about)
    require(request, "review.decide", about)
    return row


def _next(request: CityRequest, row: ReviewRow) -> str:
    """The URL of the next row in the order of the page."""
    now = epoch_ms(request.now)
    review, department = row.review, row.part.department
    parts = reviewer_screen.visible(review, department, me(request), now, all_=False)
    if not parts:
        return "/"
    lines = [line.row.pk for line in reviewer_screen.screen(review, department, me(request), parts, now).lines]
    behind = request.GET.get("next", "") or request.POST.get("next", "")
    row_id = next((pk for pk in lines if str(pk) == behind), lines[0] if lines else None)
    return after(department.code, review.pk, row_id)


@acting("review.decide")
def keep(request: CityRequest, pk: int) -> HttpResponse:
    """Keep a row: unremarkable ones with one click, others with a reason on a page of their own."""
    row = _row(request, pk)
    needs = bool(row.exceptions) or row.review.tier == "duties"
    form = review_forms.Keep(request.POST or None) if needs else None
    if request.method == "POST" and form is None:
        try:
            review_answers.keep(row, actor=request.actor, now=epoch_ms(request.now))
            messages.success(request, f"Kept: {row.asked['name']}. It can be taken back for five minutes.")
        except Conflict as error:
            messages.warning(request, str(error.args[0]))
        return redirect(_next(request, row))
    form = form or review_forms.Keep(None)
    form.fields["reason"].required = needs

    def do() -> ReviewRow:
        return review_answers.keep(row, actor=request.actor, now=epoch_ms(request.now), reason=form.cleaned_data["reason"])

    return _answered(
        request, row, form, do, f"Keep {_what(row)}?", effects=_kept(row),
        verb=f"Keep access of {row.asked['name']}", message=f"Kept: {row.asked['name']}.",
    )  # fmt: skip


def _kept(row: ReviewRow) -> list[str]:
    if row.duty is not None:
        return ["The duty stays, with the end that it was granted with.", "Your justification stands in the evidence."]
    return [
        "The access goes on: for a year from today, or to the end of a contract. Whoever asked for it does not extend it.",
        "For five minutes it can be taken back.",
    ]


@acting("review.decide")
def end(request: CityRequest, pk: int) -> HttpResponse:
    """Ends one right, at once."""
    row = _row(request, pk)
    form = review_forms.Because(request.POST or None)
    effects = ["Sending and reading there stop at once, at every door.", "Mail is kept. Nothing is deleted."]
    if row.duty is not None:
        effects = ["The duty ends at once, and what was taken up under it."]

    def do() -> ReviewRow:
        return review_answers.revoke(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))

    return _answered(
        request, row, form, do, f"End {_what(row)}?", effects=[*effects, "This cannot be undone: it is asked for anew."],
        verb=f"End access of {row.asked['name']}", message=f"Ended: {row.asked['name']}.", stop=True,
    )  # fmt: skip


@acting("review.decide")
def change(request: CityRequest, pk: int) -> HttpResponse:
    """Another end."""
    row = _row(request, pk)
    form = review_forms.ChangeEnd(request.POST or None)

    def do() -> ReviewRow:
        until = end_of_day(form.cleaned_data["day"])
        return review_answers.change(row, until, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))

    effects = ["The access ends on the evening of that day; until then nothing changes."]
    return _answered(
        request, row, form, do, f"Until when {_what(row)}?", effects=effects,
        verb=f"Set the end for {row.asked['name']}", message=f"Changed: {row.asked['name']}.",
    )  # fmt: skip


@acting("review.decide")
def not_mine(request: CityRequest, pk: int) -> HttpResponse:
    """Another department answers."""
    row = _row(request, pk)
    form = review_forms.NotMine(request.POST or None)

    def do() -> ReviewRow:
        where = Department.objects.get(code=form.cleaned_data["department"])
        return reassignment.not_mine(row, where, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))

    effects = ["The question goes to whoever is asked in that department. You are not asked about it any more."]
    return _answered(
        request, row, form, do, f"Who answers for {row.asked['name']}?", effects=effects, verb="Hand this on",
        message=f"Handed on: {row.asked['name']}.",
    )  # fmt: skip


@acting("review.decide")
def unsure(request: CityRequest, pk: int) -> HttpResponse:
    """The next head answers."""
    row = _row(request, pk)
    form = review_forms.Unsure(request.POST or None)
    effects = ["The question goes to the next head, and where nobody is above, to the access office."]

    def do() -> ReviewRow:
        return reassignment.dont_know(row, actor=request.actor, reason=form.cleaned_data["reason"], now=epoch_ms(request.now))

    return _answered(
        request, row, form, do, f"Who knows about {row.asked['name']}?", effects=effects, verb="Ask the next head",
        message=f"Handed on: {row.asked['name']}.",
    )  # fmt: skip


@acting("review.decide")
@require_POST
def undo(request: CityRequest, pk: int) -> HttpResponse:
    """Take a "keep" back, until it is carried out."""
    row = _row(request, pk)
    try:
        review_answers.undo(row, actor=request.actor, now=epoch_ms(request.now))
        messages.success(request, f"Taken back: {row.asked['name']} is open again.")
    except Conflict as error:
        messages.warning(request, str(error.args[0]))
    return redirect(after(row.part.department.code, row.review_id, row.pk))


@acting("review.decide")
@require_POST
def rest(request: CityRequest, pk: int) -> HttpResponse:
    """Keep all unremarkable rows together, when nothing else is left."""
    part = get_object_or_404(ReviewPart.objects.select_related("review", "department"), pk=pk)
    about = part_reviewers.about(part, request.actor.uid, epoch_ms(request.now))
    hidden_unless(request, "review.see", about)
    require_could(request, "review.decide", about)
    try:
        count = review_answers.keep_rest(part, actor=request.actor, now=epoch_ms(request.now))
        messages.success(request, f"Kept: {count}, of which nothing was out of order.")
    except Conflict as error:
        messages.warning(request, str(error.args[0]))
    return redirect("access-review", department=part.department.code, pk=part.review_id)


@acting("review.delegate")
def stand_in(request: CityRequest, pk: int) -> HttpResponse:
    """Name a delegate for some days; the reviewer's name stays."""
    part = get_object_or_404(ReviewPart.objects.select_related("review", "department", "reviewer"), pk=pk)
    about = part_reviewers.about(part, request.actor.uid, epoch_ms(request.now))
    hidden_unless(request, "review.see", about)
    require(request, "review.delegate", about)
    form = review_forms.StandIn(request.POST or None)
    back = after(part.department.code, part.review_id, None)

    def do() -> ReviewPart:
        c = form.cleaned_data
        until = min(end_of_day(c["day"]), epoch_ms(part.review.deadline)) if part.review.deadline else 0
        return reassignment.delegate(part, c["to"], until, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))

    return respond_to_form(
        request, form, do, page=Page("Who answers in your place?", name_of(part.review), [("The review", back)]), back=back,
        effects=["That person answers beside you until that day, and cannot hand it on.", "You stay accountable."],
        verb="Let somebody stand in", message=lambda made: f"{made.delegate} stands in for you.",
    )  # fmt: skip


def _answered(
    request: CityRequest,
    row: ReviewRow,
    form: review_forms.Because | review_forms.Keep | review_forms.ChangeEnd | review_forms.NotMine | review_forms.Unsure,
    do: Callable[[], ReviewRow],
    heading: str,
    *,
    effects: list[str],
    verb: str,
    message: str,
    stop: bool = False,
) -> HttpResponse:
    back = after(row.part.department.code, row.review_id, row.pk)
    return respond_to_form(
        request, form, do, page=Page(heading, name_of(row.review), [("The review", back)]), back=back, effects=effects, verb=verb,
        stop=stop, message=message, to=lambda _: _next(request, row),
    )  # fmt: skip


def _what(row: ReviewRow) -> str:
    if row.duty is not None:
        return f"the duty {row.asked['duty_name'].lower()} of {row.asked['name']}"
    own = row.asked["what"] == "Own mailbox"
    return f"mail access of {row.asked['name']}" if own else f"{row.asked['name']}'s access to {row.asked['mailbox']}"
