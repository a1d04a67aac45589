"""Acts on legal holds: place one, end one (P-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Because, Choice, Code, Input, reason
from civicmail.desk.retention.states import GROUNDS

if TYPE_CHECKING:
    from civicmail.desk.retention.queries.holds import HoldLine

MAX_QUERY = 4000
_SCOPE = "write:retention"


class HoldToPlace(Input):
    """ground: request, litigation, claim, audit or other; query: of the search language, over the whole archive."""

    ground = Choice(label="Ground", radio=True, choices=list(GROUNDS.items()), missing="Choose a ground.")
    query = Code(label="What is held, as a query", max_length=MAX_QUERY, rows=2, missing="Write the query.")
    reason = reason(help="Name the case, claim or audit. At least 20 characters. It is kept for ever.")


class PlaceHold(Act[None, HoldToPlace, "HoldLine"]):
    """Place a legal hold on what a query finds, now and later."""

    name, permission, input = "place_legal_hold", "retention.hold", HoldToPlace
    operation = Operation("/retention/holds", _SCOPE, page="retention-hold-place", status=201)
    success_message = "The hold is in force. Nothing that it covers is disposed of."

    def perform(self, given: HoldToPlace, *, actor: Actor, now: int) -> HoldLine:
        from civicmail.desk.retention.actions import holds

        return holds.place(given.query, ground=given.ground, reason=given.reason, actor=actor, now=now)

    def after(self, done: HoldLine) -> str:
        from django.urls import reverse

        return reverse("retention-hold", args=[done.pk])


class EndHold(Act["HoldLine", Because, "HoldLine"]):
    """End a legal hold, so that the schedules apply again to what it covered."""

    name, permission, input = "end_legal_hold", "retention.hold", Because
    page = Page("retention/holds/<slug:hold>/end/", "retention-hold-end")
    operation = Operation("/retention/holds/{str:hold}/end", _SCOPE)
    success_message = "The hold has ended. The schedules decide again about what it covered."

    def load(self, hold: str, *, actor: Actor, now: int) -> HoldLine:
        from django.http import Http404

        from civicmail.city.guard.errors import Conflict
        from civicmail.desk.retention.actions.holds import ENDED
        from civicmail.desk.retention.queries.holds import line_of

        line = line_of(hold)
        if line is None:
            raise Http404
        if not line.is_active:
            raise Conflict(ENDED)
        return line

    def perform(self, row: HoldLine, given: Because, *, actor: Actor, now: int) -> HoldLine:
        from civicmail.desk.retention.actions import holds

        return holds.end(row, reason=given.reason, actor=actor, now=now)

    def form_page(self, row: HoldLine) -> FormPage:
        from civicmail.desk.retention.views.hold_pages import end_page

        return end_page(row)


PLACE_HOLD, END_HOLD = PlaceHold(), EndHold()
ACTS: tuple[Act[Any, Any, Any], ...] = (END_HOLD,)
"""Acts with a page of their own."""
