"""Acts on a personnel list that was read: apply, reject (P-08; L7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Input, OptionalNumber, Seen, reason

if TYPE_CHECKING:
    from civicmail.city.directory.models import FeedRun

_SECTION = "Personnel feed"
_EFFECTS = {
    "ended": "Ended: {}. All doors shut at once for them.",
    "added": "Added: {}. They have no mail access by that.",
    "changed": "Changed: {}. Who moves keeps the access of the old department for 14 days.",
    "refused": "Refused: {}. These lines change nothing.",
}


class ListToApply(Input):
    """state: as seen; count: of people ended, required if the deletion threshold holds the list."""

    reason = reason()
    state = Seen(max_length=10)
    count = OptionalNumber(
        label="How many people does it end, or change where it ends nobody?",
        help="Type the number, as a sign that you looked at them.",
    )


class ApplyFeed(Act["FeedRun", ListToApply, "FeedRun"]):
    """Apply a personnel list, all or nothing; ended people lose access at once."""

    name, permission, input = "apply_feed", "feed.apply", ListToApply
    model = "directory.FeedRun"
    page = Page("access/feeds/<int:pk>/apply/", "feed-apply")
    operation = Operation("/feeds/{int:id}/apply", "write:people")
    success_message = "The list was applied."

    def required(self, row: FeedRun) -> Collection[str]:
        return ("count",) if row.state == "stopped" else ()

    def unneeded(self, row: FeedRun) -> Collection[str]:
        return () if row.state == "stopped" else ("count",)

    def perform(self, row: FeedRun, given: ListToApply, *, actor: Actor, now: int) -> FeedRun:
        from civicmail.city.identity.actions import feed

        return feed.apply_counted(row, given.count, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: FeedRun) -> FormPage:
        counts = _counts(row)
        ended = counts.get("ended", 0)
        submit = f"Apply, and end access of {ended} {'person' if ended == 1 else 'people'} now" if ended else "Apply the list"
        effects = [words.format(counts[did]) for did, words in _EFFECTS.items() if counts.get(did)]
        return FormPage(
            title=f"Apply {row.source}?", section=_SECTION, submit=submit, stop=ended > 0, back=_url(row), crumbs=_crumbs(row),
            effects=effects or ["Nothing is different."],
            stays=["Nobody gets mail access by this: the departments decide that.", "Mail of those who are ended is kept."],
        )  # fmt: skip


class RejectFeed(Act["FeedRun", Because, "FeedRun"]):
    """Reject a personnel list; it changes nothing."""

    name, permission, input = "reject_feed", "feed.apply", Because
    model = "directory.FeedRun"
    page = Page("access/feeds/<int:pk>/reject/", "feed-reject")
    operation = Operation("/feeds/{int:id}/reject", "write:people")
    success_message = "The list was rejected. Nothing was changed."

    def perform(self, row: FeedRun, given: Because, *, actor: Actor, now: int) -> FeedRun:
        from civicmail.city.identity.actions import feed

        return feed.reject(row, actor=actor, reason=given.reason, now=now)

    def form_page(self, row: FeedRun) -> FormPage:
        return FormPage(
            title=f"Reject {row.source}?", section=_SECTION, submit="Reject 1 list", back=_url(row), crumbs=_crumbs(row),
            effects=["The list changes nothing."],
        )  # fmt: skip


def _counts(row: FeedRun) -> dict[str, int]:
    """Numbers of lines that add, change, end or are refused."""
    from django.db.models import Count

    return dict(row.lines.order_by().values_list("did").annotate(n=Count("id")))


def _url(row: FeedRun) -> str:
    from django.urls import reverse

    return reverse("feed", args=[row.pk])


def _crumbs(row: FeedRun) -> Sequence[tuple[str, str]]:
    from django.urls import reverse

    return [(_SECTION, reverse("feeds")), (row.source, _url(row))]


APPLY_FEED, REJECT_FEED = ApplyFeed(), RejectFeed()
