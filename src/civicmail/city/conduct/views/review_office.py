"""Reviews for the access office and auditors: progress, evidence, and acts (pages, "/access/campaigns/<c>"; R14)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from civicmail.city.conduct.actions.review_notices import last_day, name_of
from civicmail.city.conduct.models import Review, ReviewRow, ReviewStep
from civicmail.city.conduct.queries import review_evidence, reviews
from civicmail.city.conduct.review_item_states import UNANSWERED, WORDS
from civicmail.city.conduct.review_plans import CAUSES, FAST_PER_MINUTE, PLANS
from civicmail.city.conduct.review_states import WORDS as CAMPAIGN_WORDS
from civicmail.city.directory.models import Department
from civicmail.city.identity.actions.publishing import data_folder
from civicmail.city.pages import display_names, listing
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.listing import Cell, Column, Filter
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import choices

TIERS = [(tier, plan.name) for tier, plan in PLANS.items()]


@acting("reviews.see")
def campaigns(request: CityRequest) -> HttpResponseBase:
    """List all reviews, including planned ones, newest first."""
    require(request, "reviews.see")
    counts: dict[int, Any] = {}

    def slim(rows: Any) -> Any:
        rows = rows.select_related("person")
        counts.update(reviews.states_of([r.pk for r in rows[: listing.MAX_CSV_ROWS]]))
        return rows

    table = listing.from_query(
        request,
        Review.objects.all(),
        caption="Access reviews",
        columns=[
            Column("name", "Review", lambda r: Cell(name_of(r), reverse("campaign", args=[r.pk]), hint=_about(r))),
            Column("planned", "Starts", lambda r: r.planned, ("planned",), name="starts"),
            Column("due", "Due", lambda r: last_day(r) if r.deadline else None, ("deadline",), name="due"),
            Column("rows", "Rows", lambda r: sum(counts.get(r.pk, {}).values()), num=True, name="rows"),
            Column("open", "Open", lambda r: counts.get(r.pk, {}).get("open", 0), num=True, name="open"),
            Column("state", "State", lambda r: CAMPAIGN_WORDS[r.state], ("state",)),
        ],
        filters=[
            Filter("state", "State", lambda rows, value: rows.filter(state=value), choices(CAMPAIGN_WORDS)),
            Filter("tier", "Kind", lambda rows, value: rows.filter(tier=value), TIERS),
        ],
        empty="No review is planned. The first comes within a quarter, or start one now.",
        noun="reviews",
        sort="-planned",
        slim=slim,
    )
    actions = []
    if may(request, "review.run"):
        actions.append(Action("Start a review…", reverse("campaign-new"), primary=True))
    actions.append(Action("Essential mailboxes", reverse("essential")))
    page = Page("Access reviews", "Access office", actions=actions)
    return listing.render_list(request, "pages/list.html", table, {"page": page})


def _about(review: Review) -> str:
    """The person of a micro-review, and its cause."""
    return f"{review.person} {CAUSES.get(review.cause, '')}" if review.person is not None else ""


@acting("reviews.see")
def campaign(request: CityRequest, pk: int) -> HttpResponse:
    """Show one review: its reviewers, progress, effects, and non-responses."""
    require(request, "reviews.see")
    review = get_object_or_404(Review.objects.select_related("person", "former"), pk=pk)
    standings = reviews.standings(review)
    counts = reviews.states_of([pk]).get(pk, Counter[str]())
    held_back = reviews.held_back(review)
    runs = bool(may(request, "review.run"))
    failed = ReviewRow.objects.filter(review=review, state="failed").select_related("person").order_by("id")
    shown = {
        "page": _page(request, review, counts),
        "review": review,
        "plan": PLANS[review.tier],
        "about": _about(review),
        "standings": standings[: listing.PER_PAGE],
        "more": max(0, len(standings) - listing.PER_PAGE),
        "states": [(WORDS[state], counts[state]) for state in WORDS if counts.get(state)],
        "held_back": [(d, held_back[d.code]) for d in Department.objects.filter(code__in=held_back)],
        "failed": failed[: listing.PER_PAGE],
        "steps": [(STEPS.get(s.step, s.step), s) for s in _steps(review)],
        "by": display_names.name_of_uid(review.by),
        "reminded": review.steps.filter(step="reminded").exclude(to="").count(),
        "fast": FAST_PER_MINUTE,
        "runs": runs,
        "reminds": runs and review.state == "running",
        "due": last_day(review) if review.deadline else None,
        "today": timezone.localdate(request.now),
    }
    return render(request, "conduct/campaign.html", shown)


STEPS = {
    "nobody": "Nobody can be asked",
    "delegated": "Somebody stands in",
    "joined": "Asked, too",
    "replaced": "Replaced",
    "not-mine": "Not theirs: handed on",
    "unsure": "They did not know: handed on",
    "tripped": "The breaker holds back",
    "applied": "Applied all the same",
    "left": "Left as it was",
}
"""Events besides answers and reminders -> words; others are shown as they are."""


def _steps(review: Review) -> QuerySet[ReviewStep]:
    return review.steps.exclude(step__in=["asked", "reminded"]).order_by("-id")[: listing.PER_PAGE]


def _page(request: CityRequest, review: Review, counts: Any) -> Page:
    total = sum(counts.values())
    facts: list[tuple[str, Any]] = [("Starts" if review.state == "planned" else "Began", review.started or review.planned)]
    if review.deadline:
        facts.append(("Due", last_day(review)))
        facts.append(("Open", f"{counts.get('open', 0)} of {total}"))
    actions = []
    if may(request, "review.run"):
        if review.state == "planned":
            actions.append(Action("Start now…", reverse("campaign-start", args=[review.pk]), primary=True))
            actions.append(Action("Call off…", reverse("campaign-call-off", args=[review.pk])))
        if review.state == "running":
            actions.append(Action("Remind…", reverse("campaign-remind", args=[review.pk])))
        left = any(counts.get(state) for state in UNANSWERED)
        if review.state in ("over", "closed") and left and not Review.objects.filter(former=review).exists():
            actions.append(Action("Ask again what is open…", reverse("campaign-round", args=[review.pk])))
    if review.started:
        actions.append(Action("Evidence, as a file", reverse("campaign-pack", args=[review.pk])))
    return Page(
        name_of(review), "Access review", [("Access reviews", reverse("campaigns"))], CAMPAIGN_WORDS[review.state], facts, actions
    )


@acting("reviews.see")
def pack(request: CityRequest, pk: int) -> HttpResponse:
    """The evidence as a file, made from the rows each time; its entries are proved where the ledger has signed them."""
    require(request, "reviews.see")
    review = get_object_or_404(Review, pk=pk, started__isnull=False)
    content = review_evidence.file(review, data_folder(), settings.CITY.city.name)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="review-{review.pk}.zip"'
    return response
