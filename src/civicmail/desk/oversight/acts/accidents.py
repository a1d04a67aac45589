"""Reporting that one saw what is in a message by accident (P-17, I2)."""

from __future__ import annotations

from collections.abc import Mapping

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.reveals import NEXT, WHERE
from civicmail.city.pages.act import Act, Operation
from civicmail.city.pages.inputs import Choice, Input, Text


class Accident(Input):
    """message: its id, or empty; how, next: as the page names them. The neutral answer to how stands there already: it is true of
    all of them, and it keeps the promise of two clicks."""

    message = Text(
        label="Which message?", help="Its id, if you have it; nothing else about it.", required=False, max_length=80, rows=1
    )
    how = Choice(label="How did you come to see it?", choices=list(WHERE.items()), radio=True, default="other")
    next = Choice(label="What did you do next?", choices=list(NEXT.items()), missing="Choose a button.")


class ReportAccident(Act[None, Accident, None]):
    """Report that one saw content by accident; no blame."""

    from_link = ("message",)
    name, permission, input = "tell_accident", "content.accident", Accident
    operation = Operation("/accidents", "write:me", page="accident", status=201)

    def initial(self, row: None) -> Mapping[str, str]:
        return {"how": "other"}

    def perform(self, given: Accident, *, actor: Actor, now: int) -> None:
        from civicmail.desk.oversight.actions import accidents

        accidents.report(given.message, given.how, given.next, actor=actor, now=now)

    success_message = "It is recorded. Thank you for saying so: that is all there is to do."


REPORT_ACCIDENT = ReportAccident()
