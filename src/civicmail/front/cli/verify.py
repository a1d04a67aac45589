"""`civicmail verify`: verify the archive against its evidence. Takes no lease; runs beside everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from civicmail.core.config.load import require_folder
from civicmail.core.ledger.heads import RECEIPTS
from civicmail.core.ledger.problems import KeptRecord, Verdict
from civicmail.core.ledger.verify import verify as verify_ledger
from civicmail.front.cli import checkpoints, options, output
from civicmail.front.web.audit_log_check import AuditLogCheck
from civicmail.mail.archive.losses import Losses
from civicmail.mail.archive.verify import Check, torn_tails
from civicmail.mail.search import counts
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.reader import Reader

BATCH_SIZE = 1000
MAX_LISTED = 1000


def verify(
    installation: options.Installation,
    deep: Annotated[bool, typer.Option("--deep", help="Every byte of every message, and whether each can be found.")] = False,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint", metavar="FILE", help="A checkpoint from outside, of any age, or a folder of them; may be repeated."
        ),
    ] = None,
    key: Annotated[
        str, typer.Option("--key", metavar="KEY", help="The ledger's public key as you know it: a file, or base64.")
    ] = "",
) -> None:
    """Check journals, segments, catalogue, ledger and the table of entries. Ends with a line of JSON, and with 1 when there is a
    problem."""
    folder = options.data_folder(installation.data)
    require_folder(folder)
    outside = checkpoints.outside(checkpoint or [], key)
    check = Check(folder, deep=deep)
    searchable = SearchIndexCheck(folder) if deep else None
    losses = Losses()
    with closing(AuditLogCheck(folder, installation.config)) as table:
        hearers = [losses.add, table.add, *([searchable.add] if searchable is not None else [])]
        with output.progress("Checking") as report:
            verdict = verify_ledger(folder, check.heads(), on_record=_each(hearers, report), external=outside)
        problems = losses.explain(_problems(verdict, check)) + table.problems()
    notes = check.notes + torn_tails(folder) + _disposed(verdict.disposed) + table.notes
    if searchable is not None:
        problems += searchable.problems()
        notes += searchable.notes
    for problem in problems:
        output.words(problem["text"])
    for note in notes:
        output.words(f"Note: {note}")
    _say(problems, {"messages": verdict.captures, "segments": check.segments, "records": verdict.records}, verdict.pending)


def _each(hearers: Sequence[Callable[[KeptRecord], None]], report: output.Report) -> Callable[[KeptRecord], None]:
    """Pass each record to all checks and show progress."""
    looked = 0

    def each(record: KeptRecord) -> None:
        nonlocal looked
        looked += 1
        for hear in hearers:
            hear(record)
        if looked % BATCH_SIZE == 0:
            report(looked)

    return each


def _problems(verdict: Verdict, check: Check) -> list[dict[str, Any]]:
    """Problems of ledger and archive, each once."""
    dropped = {f"{p.journal}:{p.number}-{p.last}" for p in verdict.problems if p.code == "dropped"}
    others = [p for p in check.problems if not (p.code == "number-missing" and p.where in dropped)]
    return [p.plain for p in verdict.problems] + [{"code": p.code, "text": p.sentence, "where": p.where} for p in others]


def _disposed(records: int) -> list[str]:
    return [f"{records} records were disposed of; their certificates are kept."] if records else []


def _say(problems: list[dict[str, Any]], numbers: dict[str, int], pending: int) -> None:
    if pending:
        output.words(f"Note: the ledger has not taken in all of it yet (records: {pending}); until then that can change unseen.")
    output.emit({**numbers, "pending": pending, "problems": problems[:MAX_LISTED], "problem_count": len(problems)})
    raise typer.Exit(1 if problems else 0)


class SearchIndexCheck:
    """Whether every capture that the index says it covers is in it: membership, never a flag (promise 8)."""

    def __init__(self, data: Path) -> None:
        self.notes: list[str] = []
        self._missing: list[str] = []
        self._problem = ""
        self._waiting: list[bytes] = []
        self._newer = 0
        try:
            self._reader: Reader | None = Reader(data)
        except NotIndexed as error:
            self._reader = None
            self.notes.append(str(error))
        except DamagedIndex as error:
            self._reader = None
            self._problem = str(error)

    def add(self, record: KeptRecord) -> None:
        """Look for one record, some together."""
        if self._reader is None or not RECEIPTS.matches(record.head):
            return
        if record.number > self._reader.coverage.journals.get(record.journal, 0):
            self._newer += 1
            return
        try:
            self._waiting.append(bytes.fromhex(orjson.loads(record.head)["id"].replace("-", "")))
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # the ledger's check names such a head
        if len(self._waiting) >= BATCH_SIZE:
            self._look()

    def problems(self) -> list[dict[str, Any]]:
        """Problems of the index, after the last record."""
        self._look()
        if self._newer:
            self.notes.append(f"{self._newer} captures are newer than the index.")
        rows = [{"code": "index-damaged", "text": self._problem}] if self._problem else []
        for id_ in sorted(set(self._missing)):
            text = f"Capture {id_} is not in the index, which says that it covers it; `civicmail rebuild index` mends that."
            rows.append({"code": "not-found", "text": text, "where": id_})
        return rows

    def _look(self) -> None:
        if self._reader is None or not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        try:
            self._missing += [id_.hex() for id_ in counts.missing(self._reader, waiting)]
        except (DamagedIndex, ValueError) as error:  # ValueError is what Tantivy raises for files that it cannot read
            self._reader, self._problem = None, f"The index cannot be read: {error}; `civicmail rebuild index` makes it new."
