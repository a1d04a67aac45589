"""Authorizations: request, decide, suspend, resume, end (P-04, P-07)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from civicmail.city.identity.acts.access_requests import ASK_ACCESS, DECIDE_REQUEST, WITHDRAW_REQUEST
from civicmail.city.identity.acts.mailboxes import ASK_GRANT
from civicmail.city.identity.acts.rights import END_RIGHT, EXTEND_ACCESS, RESUME_ACCESS, SET_OVERLAP, SUSPEND_ACCESS
from civicmail.city.identity.lists.access_requests import ACCESS_REQUESTS
from civicmail.city.identity.models import Authorization
from civicmail.city.identity.queries.bars import about_authorization
from civicmail.city.pages.city_request import hidden_unless
from civicmail.front.web.api import etags
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.list_operations import OtherShape, list_operation
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import WITH, Right, right

router = Router(tags=["Access"])
ONE = "/rights/{int:id}"
list_operation(router, ACCESS_REQUESTS, OtherShape(Right, right))


@operation(router, "GET", ONE, act="request.see", scope="read:access", page="request", response=Right)
def read_right(request: Call, response: HttpResponse, id: int) -> Right:
    """Read an authorization or request, with its four reasons."""
    a = _the(id)
    hidden_unless(request, "request.see", about_authorization(a))
    return etags.with_etag(response, right(a))


def _the(id_: int) -> Authorization:
    return get_object_or_404(Authorization.objects.select_related(*WITH), pk=id_)


act_operation(router, ASK_GRANT, Right, lambda made: right(_the(made.pk)))
act_operation(router, ASK_ACCESS, Right, right)
for _act in (DECIDE_REQUEST, WITHDRAW_REQUEST, EXTEND_ACCESS, SET_OVERLAP, END_RIGHT):
    act_operation(router, _act, Right, right, shown=right)
for _switch in (SUSPEND_ACCESS, RESUME_ACCESS):
    act_operation(router, _switch, Right, lambda done: right(done[0]), shown=right)
