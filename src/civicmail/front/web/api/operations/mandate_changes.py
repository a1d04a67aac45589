"""Changes of examinations: amendment, ratification, sealing, hold (P-16, P-20, E4, E5, E8).

An urgent examination begins only on the pages, because it needs step-up and a token is none.
"""

from __future__ import annotations

from datetime import date, datetime

from django.shortcuts import get_object_or_404
from ninja import Schema

from civicmail.city.access.actions import mandate_amendments, urgent_mandates
from civicmail.city.access.actions import mandates as verbs
from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.models import Amendment
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.city_request import require, require_could
from civicmail.desk.viewer.queries import installation
from civicmail.desk.workbench.actions import holds
from civicmail.desk.workbench.forms import DecisionForm, HoldForm, Reason, Scope
from civicmail.desk.workbench.views import examination
from civicmail.desk.workbench.views.search_page import to_keep
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import once
from civicmail.front.web.api.operations.mandates import ONE, DecidingMandate, EndingMandate, Mandate, mandate
from civicmail.front.web.api.operations.mandates import router as router
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.query_errors import understood
from civicmail.front.web.api.schemas import Who, maybe


class Amending(request_bodies.Because):
    """All of it as it shall be: people as numbers, addresses or whole names, or the department as it was."""

    people: tuple[str, ...] = ()
    department: str = ""
    first: date | None = None
    last: date | None = None
    words: str = ""
    days: int


class Change(Schema):
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
    state: str
    approver: Who | None


class HoldToPlace(request_bodies.Because):
    """ground: of the hold; q: what is kept of the mandate's scope, left out for all of it; reason: with the number of the
    request or case."""

    ground: str
    q: str = ""


class HoldPlaced(Schema):
    """Its name."""

    hold: str


@operation(
    router, "POST", f"{ONE}/amend", act="mandate.ask", scope="write:mandates", page="mandate-amend", response=Change, status=201
)
def amend_mandate(request: Call, number: str, body: Amending) -> Change:
    """Request another scope or a longer time: narrower at once, wider with a second person's approval."""
    row, _ = examination.looking(request, number)
    form = Scope(request_bodies.plain(body), departments=[row.department] if row.department else [])
    request_bodies.checked(form)
    return once(
        request, lambda: _change(mandate_amendments.amend(row, form.scope(), actor=request.actor, now=epoch_ms(request.now)))
    )


@operation(
    router, "POST", f"{ONE}/changes/{{int:id}}/decide", act="mandate.approve", scope="write:mandates", page="mandate-change",
    response=Change,
)  # fmt: skip
def decide_change(request: Call, number: str, id: int, body: DecidingMandate) -> Change:
    """Decide, as a second person, whether an examination may go further."""
    row = examination.decidable(request, number)
    amendment = get_object_or_404(Amendment, pk=id, mandate=row)
    form = DecisionForm(request_bodies.plain(body), yes="yes", no="no")
    c = request_bodies.checked(form)
    amendment.state = c["state"]
    verb = mandate_amendments.approve if form.is_yes else mandate_amendments.refuse
    return once(request, lambda: _change(verb(amendment, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now))))


@operation(router, "POST", f"{ONE}/ratify", act="mandate.ratify", scope="write:mandates", page="mandate-ratify", response=Mandate)
def ratify_mandate(request: Call, number: str, body: DecidingMandate) -> Mandate:
    """Decide, as a second person, whether an urgent examination was right. Needs a reason."""
    row = examination.decidable(request, number, "mandate.ratify")
    form = DecisionForm(request_bodies.plain(body), yes="yes", no="no", always=True)
    reason = request_bodies.checked(form)["reason"]
    verb = urgent_mandates.ratify if form.is_yes else urgent_mandates.reject
    return once(request, lambda: mandate(verb(row, actor=request.actor, reason=reason, now=epoch_ms(request.now)), True))


@operation(router, "POST", f"{ONE}/seal", act="mandate.ask", scope="write:mandates", page="mandate-seal", response=Mandate)
def seal_mandate(request: Call, number: str, body: EndingMandate) -> Mandate:
    """Seal an examination, so that the people concerned do not learn of it."""
    row = examination.seen(request, number)
    require(request, "mandate.ask", OfPerson(row.person.uid))
    return _sealed(request, number, body, to=True)


@operation(router, "POST", f"{ONE}/unseal", act="mandate.approve", scope="write:mandates", page="mandate-seal", response=Mandate)
def unseal_mandate(request: Call, number: str, body: EndingMandate) -> Mandate:
    """Unseal it, as a second person."""
    require_could(request, "mandate.approve")
    return _sealed(request, number, body, to=False)


def _sealed(request: Call, number: str, body: EndingMandate, *, to: bool) -> Mandate:
    row = examination.seen(request, number)
    c = request_bodies.checked(Reason(request_bodies.plain(body)))
    row.state = c["state"]
    return once(
        request, lambda: mandate(verbs.seal(row, to, actor=request.actor, reason=c["reason"], now=epoch_ms(request.now)), True)
    )


@operation(
    router, "POST", f"{ONE}/hold", act="content.hold", scope="write:mandates", page="mandate-hold", response=HoldPlaced, status=201
)
def place_hold(request: Call, number: str, body: HoldToPlace) -> HoldPlaced:
    """Place a legal hold on what a search within the examination finds, now and later."""
    _, under = examination.looking(request, number)
    now, query = epoch_ms(request.now), body.q.replace("\0", " ").strip()
    c = request_bodies.checked(HoldForm({"ground": body.ground, "reason": body.reason, "query": query}))
    with understood():
        tree_of = to_keep(under, query, now)

    def do() -> HoldPlaced:
        texts = {"ground": c["ground"], "reason": c["reason"]}
        return HoldPlaced(hold=holds.hold(installation(), under, query, tree_of, actor=request.actor, now=now, **texts))

    return once(request, do)


def _change(a: Amendment) -> Change:
    return Change(
        id=a.pk or 0, mandate=a.mandate.number, wider=a.wider, people=len(a.people), words=a.words,
        first=from_ms(a.first) if a.first is not None else None, last=from_ms(a.last) if a.last is not None else None, days=a.days,
        reason=a.reason, state=a.state, approver=maybe(a.approver),
    )  # fmt: skip
