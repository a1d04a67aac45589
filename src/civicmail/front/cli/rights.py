"""`civicmail access requests`: authorizations of a department (P-04, P-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from civicmail.city.identity.acts.access_requests import ASK_ACCESS
from civicmail.front.cli import actors, options, output

if TYPE_CHECKING:
    from civicmail.city.identity.models import Authorization


def requests_(
    department: Annotated[str, typer.Argument(metavar="DEPARTMENT", help="The code of a department.")],
    sign_in: options.SignIn,
    state: Annotated[str, typer.Option("--state", help="Only those: asked, active, suspended …")] = "",
    json: options.Json = False,
) -> None:
    """Rights and requests of a department, the newest first."""
    desk = actors.signed_in("access requests", sign_in)
    from civicmail.city.guard import guard
    from civicmail.city.guard.resources import InDepartment
    from civicmail.city.identity.models import Authorization

    guard.require(desk.actor, "roster.see", InDepartment(actors.department(department).code), now=desk.now)
    rows = Authorization.objects.filter(department__code=department).select_related("person", "mailbox", "requester")
    for a in (rows.filter(state=state) if state else rows).order_by("-pk"):
        _show(a, json)


def _show(a: Authorization, json: bool) -> None:
    if json:
        output.emit(ASK_ACCESS.as_json(a))
    else:
        output.show(ASK_ACCESS.line(a.person, a))
