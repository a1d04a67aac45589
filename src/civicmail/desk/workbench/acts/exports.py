"""Acts on exports and holds of an examination that is in force: order, stop, resume, hold (P-20, P-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, Operation, OwnAct, Page
from civicmail.city.pages.inputs import Choice, Input, Seen, Text, reason
from civicmail.core.query.lexer import LONGEST_QUERY
from civicmail.desk.workbench.acts.examinations import in_force
from civicmail.mail.archive.holds import GROUNDS

if TYPE_CHECKING:
    from civicmail.city.guard.models import Mandate
    from civicmail.desk.workbench.models import Export

HOLD_WORDS = {
    "request": "A request for records",
    "litigation": "A lawsuit, or one that is to be expected",
    "claim": "A claim against the city",
    "audit": "An audit or an investigation",
    "other": "Another reason",
}
_ROUTE, _PATH = "mandates/<slug:number>/exports/<int:pk>/", "/mandates/{str:number}/exports"


class ExportToOrder(Input):
    """q: what of the mandate's scope, left out for all of it."""

    q = Text(label="The query as it was shown.", max_length=LONGEST_QUERY, required=False, hidden=True)


class HoldToPlace(Input):
    """ground: of the hold; q: what is kept of the mandate's scope, left out for all of it; reason: with the number of the
    request or case."""

    ground = Choice(
        label="On which ground?", radio=True, missing="Choose a ground.", choices=[(code, HOLD_WORDS[code]) for code in GROUNDS]
    )
    reason = reason(help="At least 20 characters, with the number of the request or the case. It is kept for ever.")
    q = ExportToOrder.q


class ExportSeen(Input):
    """state: as it was read."""

    state = Seen()


class _UnderMandate[Given: Input, Done](OwnAct["Mandate", Given, Done]):
    def load(self, number: str, *, actor: Actor, now: int) -> Mandate:
        return in_force(number, actor, now)


class OrderExport(_UnderMandate[ExportToOrder, "Export"]):
    """Order an export of search results within an examination; its audit entry is written first."""

    name, permission, input = "order_export", "content.export", ExportToOrder
    operation = Operation(_PATH, "write:exports", page="mandate-exports", status=201)

    def perform(self, row: Mandate, given: ExportToOrder, *, actor: Actor, now: int) -> Export:
        from civicmail.city.identity.queries.mandates import to_mandate
        from civicmail.desk.workbench.actions import exports

        return exports.order_export(to_mandate(row), given.q, actor=actor, now=now)


class PlaceHold(_UnderMandate[HoldToPlace, str]):
    """Place a legal hold on what a search within the examination finds, now and later."""

    name, permission, input = "place_hold", "content.hold", HoldToPlace
    operation = Operation("/mandates/{str:number}/hold", "write:mandates", page="mandate-hold", status=201)

    def perform(self, row: Mandate, given: HoldToPlace, *, actor: Actor, now: int) -> str:
        from civicmail.city.identity.queries.mandates import to_mandate
        from civicmail.desk.viewer.queries import installation
        from civicmail.desk.workbench.actions import holds

        mandate = to_mandate(row)
        return holds.hold(installation(), mandate, given.q, ground=given.ground, actor=actor, reason=given.reason, now=now)

    def message(self, row: Mandate, done: str) -> str:
        return f"Hold {done} is in force."


class _OnExport(OwnAct["Export", ExportSeen, "Export"]):
    permission, input = "content.export", ExportSeen

    def load(self, number: str, pk: int, *, actor: Actor, now: int) -> Export:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.workbench.models import Export

        return get_object_or_404(Export.objects.select_related("mandate"), pk=pk, mandate=in_force(number, actor, now))

    def button_page(self, row: Export) -> str:
        from django.urls import reverse

        return reverse("mandate-export", args=[row.mandate.number, row.pk])


class StopExport(_OnExport):
    """Stop an export; what was read stays until it is resumed."""

    name = "stop_export"
    page = Page(f"{_ROUTE}stop/", "mandate-export-stop")
    operation = Operation(f"{_PATH}/{{int:id}}/stop", "write:exports")
    success_message = "The export was stopped."

    def perform(self, row: Export, given: ExportSeen, *, actor: Actor, now: int) -> Export:
        from civicmail.desk.workbench.actions import exports

        return exports.stop(row, actor=actor, reason="stopped by who asked for it", now=now)


class ResumeExport(_OnExport):
    """Resume a stopped export."""

    name = "go_on_export"
    page = Page(f"{_ROUTE}go-on/", "mandate-export-go-on")
    operation = Operation(f"{_PATH}/{{int:id}}/go-on", "write:exports")
    success_message = "The export goes on."

    def perform(self, row: Export, given: ExportSeen, *, actor: Actor, now: int) -> Export:
        from civicmail.city.identity.queries.mandates import to_mandate
        from civicmail.desk.workbench.actions import exports

        return exports.resume(row, to_mandate(row.mandate), actor=actor, now=now)


ORDER_EXPORT, PLACE_HOLD, STOP_EXPORT, RESUME_EXPORT = OrderExport(), PlaceHold(), StopExport(), ResumeExport()
ACTS: tuple[Act[Any, Any, Any], ...] = (STOP_EXPORT, RESUME_EXPORT)
