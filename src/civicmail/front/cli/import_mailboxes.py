"""`civicmail import-mailboxes`: import mailboxes from another mail system."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import actors, options, output
from civicmail.mail.importers.importing import ImportProgress, ImportTarget
from civicmail.mail.importers.remote.migration import Migration, report
from civicmail.mail.importers.remote.source import Patience
from civicmail.mail.importers.remote.source_file import load
from civicmail.mail.replica import epoch


def import_mailboxes(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="The file that describes the source: docs/operate/move-in.md.")],
    credentials: options.Credentials,
    out: Annotated[Path | None, typer.Option("--report", metavar="FILE", help="Write counts and failures there, as JSON.")] = None,
    json: options.Json = False,
) -> None:
    """Import mailboxes from another mail system. Run it again to continue, or to fetch new mail."""
    folder, settings = credentials.open()
    epoch.require_unfenced(folder)
    patience = Patience(on_wait=_waiting)
    plan = load(source, patience)
    if out is not None and not out.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {out.absolute().parent} for the report.")
    facts = {"kind": plan.source.kind, "place": plan.source.place, "mailboxes": len(plan.mailboxes)}
    actors.person(folder, "import-mailboxes", facts, credentials, now=now_ms())
    begun = now_ms()
    with output.progress("Listing") as bar:
        progress = ImportProgress(lambda left: None, lambda read: None, lambda done, total: bar(done, total, "Making searchable"))
        into = ImportTarget(
            folder, now_ms, settings.archive, settings.gateway.min_free, source=f"{plan.source.kind} {plan.source.place}"
        )
        moving = Migration(into, plan.source, lambda mailbox, done, total: bar(done, total, mailbox))
        try:
            counts = moving.run(plan.mailboxes, progress)
        finally:
            made = report(plan.source, moving.counts, begun, now_ms())
            if out is not None:
                out.write_text(json_.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for mailbox_ in counts:
        if mailbox_.refused:
            output.words(f"failed: {mailbox_.mailbox.name}: {mailbox_.refused}")
        for failure in mailbox_.failures:
            output.words(f"failed: {mailbox_.mailbox.name}: {failure['folder']} {failure['id']}: {failure['reason']}")
    _say(made, json=json)
    raise typer.Exit(0 if made["whole"] else 1)


def _say(made: dict[str, dict[str, int]], *, json: bool) -> None:
    totals = made["totals"]
    if json:
        output.emit(totals | {"whole": made["whole"]})
        return
    t = totals
    output.show(
        f"{t['mailboxes']} mailboxes, {t['listed']} messages listed: {t['stored']} stored, {t['copies']} copies of them in other "
        f"folders, {t['known']} brought over before, {t['gone']} deleted meanwhile, {t['failed']} failed."
    )
    output.show(f"The archive has {t['archived']} of them; {t['missing']} are missing.")


def _waiting(why: str, seconds: float) -> None:
    output.words(f"Waiting {round(seconds)} s: {why}")
