"""Changes of examinations, and holds under them (P-16, P-20, E4, E5).

An urgent examination begins only on the pages, because it needs step-up and a token is none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Schema

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.models import Amendment
from civicmail.city.identity.actions import mandate_amendments
from civicmail.city.identity.examination_labels import CHANGES
from civicmail.desk.workbench.acts.examinations import DECIDE_CHANGE
from civicmail.desk.workbench.acts.exports import PLACE_HOLD
from civicmail.desk.workbench.forms import Scope
from civicmail.desk.workbench.views import examination
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations.mandates import ONE
from civicmail.front.web.api.operations.mandates import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import RowSchema, Who, shown_as


class Amending(request_bodies.Because):
    """All of it as it shall be: people as numbers, addresses or whole names, or the department as it was."""

    people: tuple[str, ...] = ()
    department: str = ""
    first: date | None = None
    last: date | None = None
    words: str = ""
    days: int


class Change(RowSchema):
    """wider: it waits for a second person; state: asked, approved, refused, withdrawn or lapsed; people: how many."""

    id: int
    mandate: str
    wider: bool
    people: int
    words: str
    first: datetime | None
    last: datetime | None
    days: int
    reason: str
    state: Annotated[str, shown_as(CHANGES)]
    approver: Who | None


class HoldPlaced(Schema):
    """Its name."""

    hold: str


@operation(
    router, "POST", f"{ONE}/amend", act="mandate.ask", scope="write:mandates", page="mandate-amend", response=Change, status=201
)
def amend_mandate(request: Call, number: str, body: Amending) -> Change:
    """Request another scope or a longer time: narrower at once, wider with a second person's approval."""
    row, _ = examination.looking(request, number)
    form = Scope(request_bodies.plain(body), actor=request.actor, departments=[row.department] if row.department else [])
    request_bodies.checked(form)
    return once(
        request, lambda: _change(mandate_amendments.amend(row, form.scope(), actor=request.actor, now=epoch_ms(request.now)))
    )


def _change(a: Amendment) -> Change:
    return Change.from_row(a, id=a.pk or 0, mandate=a.mandate.number, people=len(a.people))


act_operation(router, DECIDE_CHANGE, Change, _change)
act_operation(router, PLACE_HOLD, HoldPlaced, lambda name: HoldPlaced(hold=name))
