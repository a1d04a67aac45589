"""`civicmail disposal`: disposals, proposed by one person and approved by another (P-23)."""

from __future__ import annotations

from typing import Annotated

import typer

from civicmail.city.guard import guard
from civicmail.city.guard.errors import require_row
from civicmail.desk.retention.acts.disposals import ACTS
from civicmail.desk.retention.lists.disposals import DISPOSALS_LIST
from civicmail.front.cli import act_commands, actors, list_commands, options, output, verbs
from civicmail.front.cli.groups import group

app = group("Disposals: what is due is listed, approved by a second person, and removed after the notice period.")
_COLUMNS = ("id", "state", "captures", "total", "manifest", "reason", "answer", "ready", "gone", "stayed", "certificates", "why")

list_commands.add(app, DISPOSALS_LIST)
for act in ACTS:
    act_commands.add(app, act)


@app.command()
def show(
    disposal: Annotated[str, typer.Argument(metavar="NUMBER", help="The number of a disposal.")],
    sign_in: options.SignIn,
    captures: Annotated[bool, typer.Option("--captures", help="Also each capture of its list.")] = False,
    json: options.Json = False,
) -> None:
    """Show a disposal with the SHA-256 of its list, which its approver gives."""
    desk = actors.signed_in("disposal show", sign_in)
    guard.require(desk.actor, verbs.line("disposal show").act, now=desk.now)
    from civicmail.desk.retention.models import Disposal
    from civicmail.mail.archive import manifests

    number = int(disposal) if disposal.isdecimal() and len(disposal) < 10 else 0
    row = require_row(Disposal.objects.filter(pk=number).first(), f"There is no disposal {disposal}.")
    plain = {name: getattr(row, name) for name in _COLUMNS} | {"ready": row.ready.isoformat() if row.ready else None}
    if json:
        output.emit(plain)
    else:
        for name, value in plain.items():
            output.show(f"{name}: {value}")
    if not (captures and row.manifest):
        return
    for line in manifests.lines(desk.folder, manifests.read(desk.folder, row.manifest)):
        if json:
            output.emit(line.plain)
        else:
            output.show(f"{line.id}  {output.when(line.received)}  {line.kept}  {line.series}  due {output.when(line.due)}")
