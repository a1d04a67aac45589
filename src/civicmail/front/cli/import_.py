"""`civicmail import`: import mail from files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import actors, options, output
from civicmail.mail.importers.importing import ImportProgress, Request, run_import
from civicmail.mail.importers.vault.exports import LEFT_OUT, UNNAMED
from civicmail.mail.importers.walk import Skipped
from civicmail.mail.replica import epoch

MAX_LISTED = 20  # files that are no mail; failed ones are all listed


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Mail, Outlook files, archives, folders of them.")],
    credentials: options.Credentials,
    custodian: Annotated[str, typer.Option(metavar="NAME", help="Whose mail it is (else what a Vault export says).")] = "",
    source: Annotated[str, typer.Option(metavar="NAME", help="A name for where it comes from, that outlives paths.")] = "",
    manifest: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Write what became of each item: JSON lines, or CSV (.csv).")
    ] = None,
    journal: Annotated[bool, typer.Option("--journal", help="These are journal reports: keep the messages in them.")] = False,
    json: options.Json = False,
) -> None:
    """Import mail from files. Ends when it is searchable; known messages are not stored twice."""
    if manifest and len(manifest) > 1:
        raise UsageError(
            "Nothing was imported: --manifest was given twice, and an import writes one manifest. Leave one of them out."
        )
    folder, settings = credentials.open()
    epoch.require_unfenced(folder)
    facts = {"custodian": custodian, "source": source, "paths": len(paths)}
    actors.person(folder, "import", facts, credentials, now=now_ms())
    lists = _Lists()
    with output.progress("Reading") as report:
        progress = ImportProgress(lists.left, report, lambda done, total: report(done, total, "Making searchable"))
        request = Request(tuple(paths), custodian, source, journal, manifest[0] if manifest else None)
        totals = run_import(folder, request, progress, now_ms, settings=settings.archive, least=settings.gateway.min_free)
    lists.close()
    if json:
        output.emit(totals.plain())
    else:
        output.show(f"{totals.read} read: {totals.stored} stored, {totals.known} known, {totals.failed} failed.")
        for export in totals.exports:
            output.show(_compared(export))
    raise typer.Exit(1 if totals.failed else 0)


def _compared(export: dict[str, Any]) -> str:
    """Compare a Google Vault export with its own reports, in one sentence."""
    e = export
    checked = e["checksums_right"] + e["checksums_wrong"]
    files = f" {e['checksums_right']} of {checked} files have the checksum that Vault wrote." if checked else ""
    return (
        f"Vault export {e['export']}: {e['in_metadata']} messages in its metadata, {e['read']} taken of {e['accounts']} accounts, "
        f"{e['missing']} missing, {e['not_in_metadata']} that the metadata do not name, {e['left_out']} left out because the "
        f"metadata are damaged, {e['vault_errors']} errors of Vault itself.{files}"
    )


class _Lists:
    """Says on stderr what gave no message, and why: everything that failed, and of the rest the first of each reason."""

    def __init__(self) -> None:
        self._skipped: Counter[str] = Counter()
        self._unlisted: Counter[str] = Counter()

    def left(self, left: Skipped) -> None:
        if left.why in {LEFT_OUT, UNNAMED}:
            self._unlisted[left.why] += 1
            if self._unlisted[left.why] > MAX_LISTED:
                return
        if left.failed or left.note:
            output.words(f"{'failed' if left.failed else 'note'}: {left.name}: {left.why}")
            return
        self._skipped[left.why] += 1
        if self._skipped.total() <= MAX_LISTED:
            output.words(f"no mail: {left.name}: {left.why}")

    def close(self) -> None:
        if self._skipped.total() > MAX_LISTED:
            reasons = "; ".join(f"{n} because {why}" for why, n in self._skipped.most_common())
            output.words(f"{self._skipped.total()} files are no mail: {reasons}.")
        for why, number in self._unlisted.items():
            if number > MAX_LISTED:
                output.words(f"{number} messages in all: {why}. A manifest (--manifest) lists each.")
