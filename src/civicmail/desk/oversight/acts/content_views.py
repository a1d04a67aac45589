"""The act of an auditor on a content view: record a remark (P-17; I3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.resources import Resource
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Input, Text

if TYPE_CHECKING:
    from civicmail.city.guard.models import Entry


class Remark(Input):
    """remark: was the reason a good one, and was this look needed?"""

    remark = Text(label="What do you say of it?", help="Was the reason a good one, and was this look needed?", min_length=3)


class MarkViewing(Act["Entry", Remark, "Entry"]):
    """Record an auditor's remark on a sampled view."""

    name, permission, input = "mark_viewing", "viewings.mark", Remark
    page = Page("oversight/viewings/<int:pk>/mark/", "viewing-mark")
    operation = Operation("/viewings/{int:id}/mark", "write:entries")
    success_message = "Recorded as looked at."

    def load(self, pk: int, *, actor: Actor, now: int) -> Entry:
        from django.shortcuts import get_object_or_404

        from civicmail.city.guard.models import Entry
        from civicmail.desk.oversight.queries.content_views import REVEAL

        return get_object_or_404(Entry.objects.defer("head"), pk=pk, act=REVEAL)

    def resource(self, row: Entry, actor: Actor) -> Resource:
        from civicmail.desk.oversight.actions import reveal_reviews

        return reveal_reviews.about(row)

    def perform(self, row: Entry, given: Remark, *, actor: Actor, now: int) -> Entry:
        from civicmail.city.guard.epoch import from_ms
        from civicmail.desk.oversight.actions import reveal_reviews

        return reveal_reviews.mark(row, _week(row), actor=actor, remark=given.remark, now=from_ms(now))

    def form_page(self, row: Entry) -> FormPage:
        from django.urls import reverse

        from civicmail.city.guard.epoch import from_ms
        from civicmail.city.pages import display_names
        from civicmail.desk.oversight.views import content_views_page

        sample = content_views_page.sample_url(_week(row))
        return FormPage(
            title="Review a content view", section="Oversight", submit="Mark 1 view as reviewed", back=sample,
            crumbs=[("Content views", reverse("viewings")), ("Sample of its week", sample)],
            facts=[("By", display_names.name_of_uid(row.person)), ("Entry", str(row.uuid)[:8])], template="oversight/mark.html",
            context={"reveal": row, "at": from_ms(row.at), "code": content_views_page.kind_of_reason(row)},
        )  # fmt: skip


def _week(row: Entry) -> str:
    """The week whose sample it may be in."""
    from django.utils import timezone

    from civicmail.city.guard.epoch import from_ms
    from civicmail.desk.oversight import sampling

    return sampling.name_of(timezone.localdate(from_ms(row.at)))


MARK_VIEWING = MarkViewing()
