"""Account closure: count, order, certificate (P-08, P-15)."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from civicmail.city.access.epoch import epoch_ms
from civicmail.city.access.forms import ReasonForm
from civicmail.city.access.queries.actors import about_mailbox
from civicmail.city.access.resources import InDepartment
from civicmail.city.access.views.city_request import require
from civicmail.city.access.views.roster import department_of
from civicmail.city.conduct.actions import account_closure as verbs
from civicmail.city.conduct.models import Closure
from civicmail.city.conduct.queries import closures, leavers
from civicmail.city.conduct.views.account_closure import Deciding, decide
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.idempotency import as_seen, once
from civicmail.front.web.api.operations.conduct import Closed, closed
from civicmail.front.web.api.operations.conduct import router as router
from civicmail.front.web.api.operations_decorator import operation


class Decision(request_bodies.Because):
    """decision: order, again or drop; live: how many messages were counted, as it was read; state: of the closure, too."""

    decision: str
    live: int
    state: str


@operation(
    router, "POST", "/departments/{slug:department}/leavers/{int:id}/close", act="account.close", scope="write:conduct",
    page="closure-new", response=Closed, status=201,
)  # fmt: skip
def count_account(request: Call, department: str, id: int, body: request_bodies.Because) -> Closed:
    """Count the messages of a leaver's live mailbox, and those missing in the archive: the first step, which deletes nothing."""
    where = department_of(department)
    require(request, "roster.see", InDepartment(where.code))
    row = get_object_or_404(leavers.of_departments([where.code]), pk=id)
    require(request, "account.close", about_mailbox(row.mailbox))
    reason = request_bodies.checked(ReasonForm(request_bodies.plain(body)))["reason"]

    def do() -> Closed:
        made = verbs.ask(row.mailbox, actor=request.actor, reason=reason, now=epoch_ms(request.now))
        return _now(made.pk)

    return once(request, do)


@operation(router, "POST", "/closures/{int:id}/decide", act="account.close", scope="write:conduct", page="closure", response=Closed)
def decide_closure(request: Call, id: int, body: Decision) -> Closed:
    """Order the deletion of the live copy, a recount, or keep it. Only after the count was read."""
    row = Closure.objects.select_related(*closures.WITH).filter(pk=id).first()
    if row is None:
        raise Http404
    require(request, "account.closed", InDepartment(row.department.code))
    require(request, "account.close", about_mailbox(row.mailbox))
    as_seen(request, row.state, body.state, "It has gone on meanwhile; read it again.")

    def do() -> Closed:
        form = Deciding(row, request_bodies.plain(body))
        request_bodies.checked(form)
        decide(row, form, actor=request.actor, now=epoch_ms(request.now))
        return _now(row.pk)

    return once(request, do)


def _now(pk: int) -> Closed:
    return closed(Closure.objects.select_related(*closures.WITH).get(pk=pk))
