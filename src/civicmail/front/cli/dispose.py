"""`civicmail dispose`: simulate the disposal of what is due and not on hold."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from civicmail.city.guard.guard import is_claimed
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output
from civicmail.mail.archive import dispose as archive
from civicmail.mail.archive.certificates import Item
from civicmail.mail.archive.errors import NotDisposed
from civicmail.mail.search.query_view import viewer

_INSTEAD = "`civicmail dispose --simulate` lists what is due and says why the rest stays."
_UNCLAIMED = (
    "Nothing was disposed of. It takes two persons with a role, one who proposes and one who approves, and in an unclaimed "
    f"installation nobody has one. {_INSTEAD}"
)
_CLAIMED = (
    "Nothing was disposed of. It takes two persons who have signed in with a role, one who proposes and one who approves; this "
    f"command line knows only one, by the operating system. {_INSTEAD}"
)


def dispose(
    credentials: options.Credentials,
    simulate: Annotated[bool, typer.Option("--simulate", help="Say what would go, and change nothing.")] = False,
    json: options.Json = False,
) -> None:
    """Simulate the disposal of what is due. Disposal itself takes two people, on the pages."""
    folder = credentials.folder()
    if not simulate:
        raise NotDisposed(_CLAIMED if is_claimed(folder) else _UNCLAIMED)
    actors.person(folder, "dispose", {}, credentials, now=now_ms())

    def each(item: Item) -> None:
        row: dict[str, Any] = {"id": item.capture.uuid, "class": item.decision.class_, "received": item.capture.received}
        if json:
            series = item.decision.schedule.id if item.decision.schedule else ""
            output.emit(row | {"due": item.decision.due, "series": series, "size": item.capture.size})
        else:
            output.show(f"{row['id']}  {output.when(row['received'])}  {row['class']}  due {output.when(item.decision.due)}")

    outcome = archive.simulate(folder, now=now_ms(), view=viewer(folder), each=each)
    if json:
        output.emit({"due": outcome.gone, "kept": outcome.kept} | ({"put_aside": outcome.pieces} if outcome.pieces else {}))
        return
    kept = ", ".join(f"{n} {why}" for why, n in sorted(outcome.kept.items())) or "nothing"
    pieces = f", and {outcome.pieces} pieces that a repair has put aside" if outcome.pieces else ""
    output.words(f"{outcome.gone} captures would go{pieces}. What stays: {kept}.")
