"""`civicmail duty`: grant roles, and activate them for some hours."""

from __future__ import annotations

from civicmail.city.identity.acts import roles
from civicmail.front.cli import act_commands, actors, options, output
from civicmail.front.cli.groups import group

app = group("What a person may do beyond their own mail, and until when.")
for act in roles.ACTS:
    act_commands.add(app, act)


@app.command("list")
def list_(sign_in: options.SignIn, json: options.Json = False) -> None:
    """List roles with their holders and end dates."""
    desk = actors.signed_in("duty list", sign_in)
    from civicmail.city.guard import guard
    from civicmail.city.guard.epoch import from_ms
    from civicmail.city.identity.models import RoleAssignment

    guard.require(desk.actor, "duty.see", now=desk.now)
    rows = RoleAssignment.objects.select_related("person", "department").filter(ended__isnull=True, until__gt=from_ms(desk.now))
    for row in rows.order_by("role", "until"):
        code = row.department.code if row.department else ""
        if json:
            output.emit({"person": row.person.uid, "duty": row.role, "department": code, "until": row.until.isoformat()})
        else:
            output.show(f"{row.role:22} {row.person}{f' ({code})' if code else ''}, until {options.last_day(row.until)}")
