"""The page where a reviewer answers: at most fifty rows, each with its answers (P-05)."""

from __future__ import annotations

from collections import Counter, defaultdict
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from civicmail.city.conduct.actions.review_notices import last_day, name_of
from civicmail.city.conduct.models import Review
from civicmail.city.conduct.queries import reviewer_screen, reviews
from civicmail.city.conduct.queries.reviewer_screen import Screen
from civicmail.city.conduct.review_plans import PLANS
from civicmail.city.conduct.review_states import WORDS as CAMPAIGN_WORDS
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import InDepartment
from civicmail.city.identity.views.roster import department_of
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, me, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page


@acting("review.see")
def review(request: CityRequest, department: str, pk: int) -> HttpResponse:
    """Show this person's rows in a department, or a read-only view of them."""
    where = department_of(department)
    access_review = get_object_or_404(Review, pk=pk)
    now = epoch_ms(request.now)
    about = InDepartment(where.code)
    looks = bool(may(request, "review.see", about))
    parts = reviewer_screen.visible(access_review, where, me(request), now, all_=looks)
    if not parts:
        if not looks:
            require(request, "review.see", about)
        raise Http404
    shown = reviewer_screen.screen(access_review, where, me(request), parts, now)
    plan = PLANS[access_review.tier]
    return render(
        request,
        "conduct/review.html",
        {
            "page": _page(request, shown),
            "screen": shown,
            "plan": plan,
            "bulk": plan.bulk and shown.plain and not shown.exceptions and not shown.changed,
            "at": request.GET.get("at", ""),
            "open": access_review.state in ("running", "over")
            and shown.mine
            and (bool(shown.late) or not _has_round(access_review)),
        },
    )


def _has_round(access_review: Review) -> bool:
    """Whether a newer round exists: then only suspended rows are answered here."""
    return Review.objects.filter(former=access_review).exists()


def _page(request: CityRequest, shown: Screen) -> Page:
    access_review, part = shown.review, shown.part
    facts = [("Due", last_day(access_review)), ("Silence", "suspends what is out of order")]
    if part is not None and part.reviewer is not None:
        mine = part.reviewer_id == me(request).pk
        facts.append(("Answers for it", "you" if mine else part.named))
        if part.delegate_id is not None:
            facts.append(("Stands in", str(part.delegate)))
    actions = []
    if part is not None and part.reviewer_id == me(request).pk and access_review.state == "running":
        actions.append(Action("Somebody stands in for me…", reverse("review-stand-in", args=[part.pk])))
    words = f"{shown.open} of {shown.total} open" if shown.open else f"all {shown.total} answered"
    crumbs = [("Home", "/")]
    if may(request, "roster.see", InDepartment(shown.department.code)):
        crumbs = [(f"{shown.department.name}: reviews", reverse("dept-reviews", args=[shown.department.code]))]
    heading = f"Access review, {shown.department.name}: {words}"
    return Page(heading, name_of(access_review), crumbs, CAMPAIGN_WORDS[access_review.state], facts, actions, slim=True)


@acting("roster.see")
def of_department(request: CityRequest, department: str) -> HttpResponseBase:
    """List reviews that concerned a department, newest first."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    counts |= reviews.states_of(list(Review.objects.filter(parts__department=where).values_list("pk", flat=True)), where.code)
    table = listing.from_query(
        request,
        Review.objects.filter(parts__department=where).distinct(),
        caption=f"Reviews of {where.name}",
        columns=[
            Column("name", "Review", lambda r: Cell(name_of(r), reverse("access-review", args=[where.code, r.pk]))),
            Column("began", "Began", lambda r: r.started, ("started",), name="began"),
            Column("due", "Due", lambda r: last_day(r) if r.deadline else None, ("deadline",), name="due"),
            Column("open", "Open", lambda r: counts[r.pk]["open"], num=True, name="open"),
            Column("state", "State", lambda r: CAMPAIGN_WORDS[r.state]),
        ],
        empty="No review has begun here yet. The access office plans them.",
        noun="reviews",
        sort="-began",
    )
    page = Page("Access reviews", where.name, [(f"{where.name}: people", reverse("people", args=[where.code]))])
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def after(row_part_department: str, review_pk: int, next_row: int | None) -> str:
    """Back on the screen, at the row that comes next."""
    url = reverse("access-review", args=[row_part_department, review_pk])
    return f"{url}?{urlencode({'at': next_row})}#row-{next_row}" if next_row else url
