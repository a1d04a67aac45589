"""`civicmail access close` and `reconcile`: close accounts of leavers, list discrepancies (P-08)."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.city.guard.errors import Unusable
from civicmail.front.cli import actors, options, output


def close(
    person: options.Who,
    reason: options.Why,
    sign_in: options.SignIn,
    messages: Annotated[
        int, typer.Option("--messages", metavar="N", help="Close it: so many were counted in the live mailbox.", min=-1)
    ] = -1,
    json: options.Json = False,
) -> None:
    """Close a leaver's account: count first, then again with --messages; the certificate stays."""
    desk = actors.signed_in("access close", sign_in, tables=True)
    from civicmail.city.conduct.actions import account_closure
    from civicmail.city.conduct.closure_states import WORDS
    from civicmail.city.conduct.queries import closures
    from civicmail.city.directory.models import Mailbox
    from civicmail.city.guard import guard
    from civicmail.city.identity.queries.actors import about_mailbox, about_person

    who = actors.named(person)
    guard.require(desk.actor, "account.close", about_person(who), now=desk.now)
    box = Mailbox.objects.filter(holder=who).select_related("department", "holder").order_by("closed", "-made").first()
    if box is None:
        raise Unusable(f"{who} has no mailbox.")
    guard.require(desk.actor, "account.close", about_mailbox(box), now=desk.now)
    row = closures.of_mailbox(box.pk)
    if row is None or (row.state == "closed" and box.closed is None):
        row = account_closure.ask(box, actor=desk.actor, reason=reason, now=desk.now)
    elif messages >= 0:
        row = account_closure.order(row, live=messages, actor=desk.actor, reason=reason, now=desk.now)
    elif row.state in ("counted", "stopped"):
        account_closure.again(row, actor=desk.actor, reason=reason, now=desk.now)
        row.refresh_from_db()
    if json:
        output.emit(
            {"mailbox": box.address, "state": row.state, "messages": row.live, "brought": row.brought, "sha256": row.sha256}
        )
    else:
        output.show(f"{box}: {WORDS[row.state][1].lower()}, {row.live} messages.")


def reconcile(
    sign_in: options.SignIn,
    department: Annotated[str, typer.Option("--department", metavar="CODE", help="Of this one alone.")] = "",
    json: options.Json = False,
) -> None:
    """List discrepancies between personnel list, access and use."""
    desk = actors.signed_in("access reconcile", sign_in, tables=True)
    from civicmail.city.conduct.queries import discrepancies
    from civicmail.city.directory.models import Department
    from civicmail.city.guard import guard
    from civicmail.city.guard.resources import InDepartment

    if department:
        guard.require(desk.actor, "roster.see", InDepartment(department), now=desk.now)
    else:
        guard.require(desk.actor, "reconcile.see", now=desk.now)
    codes = [department] if department else list(Department.objects.values_list("code", flat=True))
    for line in discrepancies.find_discrepancies(codes, desk.now, feed=not department):
        if json:
            output.emit({"kind": line.kind, "who": line.who, "about": line.hint, "department": line.where, "do": line.act})
        else:
            output.show(f"{discrepancies.KINDS[line.kind]:26} {line.where:16} {line.who}, {line.hint}: {line.act}")
