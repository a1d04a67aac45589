"""`civicmail entries`: who did what, why, from where."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.front.cli import acting, options, output


def entries(
    as_: options.Signed,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why you look; that is an entry, too.")],
    act: Annotated[str, typer.Option("--act", metavar="NAME", help="Only this act, like access.end.")] = "",
    person: Annotated[str, typer.Option("--person", metavar="UID", help="Only of this person.")] = "",
    object_: Annotated[str, typer.Option("--object", metavar="THING", help="Only about this, like person:e-17.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most entries.")] = 50,
    data: options.Data = None,
    config: options.Config = None,
    json: options.Json = False,
) -> None:
    """The newest entries first. For auditors and the access office; looking is recorded before anything is shown."""
    desk = acting.signed_in("entries", data, config, as_, now=now_ms())
    from civicmail.city.access import guard
    from civicmail.city.access.actions.entries import enter_alone
    from civicmail.city.access.queries.entries import seen_by

    guard.require(desk.actor, "entries.see", now=desk.now)
    wanted = {k: v for k, v in (("act", act), ("person", person), ("object", object_)) if v}
    enter_alone("entries.see", actor=desk.actor, reason=reason, now=desk.now, facts={**wanted, "limit": limit})
    for row in seen_by(desk.actor).filter(**wanted).order_by("-id")[:limit]:
        if json:
            said = {
                "at": row.at,
                "act": row.act,
                "person": row.person,
                "duty": row.duty,
                "behalf": row.behalf,
                "object": row.object,
            }
            output.emit({**said, "reason": row.reason, "client": row.client, "facts": row.facts})
        else:
            output.show(f"{output.when(row.at)}  {row.act:20} {row.person}  {row.object}{f'  {row.reason}' if row.reason else ''}")
