"""`civicmail agency`: agencies, their contracts, and suspension of all their people (P-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from civicmail.city.identity.acts import agencies
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import act_commands, actors, options, output
from civicmail.front.cli.groups import group

if TYPE_CHECKING:
    pass

app = group("Companies and bodies outside of the city whose people work for it.")


@app.command("list")
def list_(as_: options.As = "", data: options.Data = None, config: options.Config = None, json: options.Json = False) -> None:
    """List agencies with their number of people, and suspensions."""
    desk = actors.office("agency list", data, config, as_, now=now_ms())
    from civicmail.city.directory.models import Agency, Episode
    from civicmail.city.guard import guard

    guard.require(desk.actor, "agency.see", now=desk.now)
    working = Episode.objects.filter(ended__isnull=True, contract__isnull=False).values_list("contract__agency", flat=True)
    count = dict.fromkeys(Agency.objects.values_list("pk", flat=True), 0)
    for agency in working:
        count[agency] += 1
    for row in Agency.objects.all():
        since = row.suspended.isoformat() if row.suspended else ""
        if json:
            output.emit({"code": row.code, "name": row.name, "people": count[row.pk], "suspended": since})
        else:
            output.show(f"{row.code:16} {row.name}, {count[row.pk]} people{f', suspended since {since}' if since else ''}")


for act in agencies.ACTS:
    if act.command is not None:
        act_commands.add(app, act)
