"""`civicmail drill`: rehearse failover and restore in a scratch folder."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.core.config.load import load
from civicmail.core.ledger.verify import verify as verify_ledger
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.cli import options, output
from civicmail.front.cli.groups import group
from civicmail.front.cli.restore import Copy
from civicmail.mail.archive import outstanding_file, replay
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Source
from civicmail.mail.archive.verify import Check
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.replica.restore import Restored
from civicmail.mail.replica.restore import restore as make

app = group("Try out the loss of the machine. Nothing is fenced, nothing is delivered, and the trial folder is removed.")
Where = Annotated[Path | None, typer.Option("--scratch", metavar="DIR", help="Where the trial folder is made; else beside COPY.")]
_LETTER = b"From: drill@localhost\r\nTo: drill@localhost\r\nSubject: drill\r\n\r\nThis message is kept in a trial folder only.\r\n"


class Report:
    """Steps of a drill, their duration, and problems."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def step[T](self, name: str, work: Callable[[], T]) -> T:
        began = time.monotonic()
        result = work()
        self.steps.append({"step": name, "seconds": round(time.monotonic() - began, 3)})
        return result

    def end(self, restored: Restored, json: bool, **numbers: Any) -> None:
        self.problems += restored.problems
        plain = {
            "copy_of": restored.reported["at"],
            "records": restored.records,
            "entries": restored.entries,
            "root": restored.root,
        }
        plain |= {"waiting": restored.waiting, **numbers, "steps": self.steps, "problems": self.problems}
        if json:
            output.emit(plain)
        else:
            output.show(f"The last turn was taken at {output.when(restored.reported['at'])}.")
            for step in self.steps:
                output.show(f"{step['seconds']:9.3f} s  {step['step']}")
            for name in ("records", "entries", "waiting", *numbers):
                output.show(f"{plain[name]:>9}    {name}")
            output.show(f"PROBLEMS: {' '.join(self.problems)}" if self.problems else "Everything is as it should be.")
        raise typer.Exit(1 if self.problems else 0)


@app.command()
def failover(copy: Copy, scratch: Where = None, json: options.Json = False) -> None:
    """How long until a new installation would take in mail, and what it would go on delivering."""
    report = Report()
    with _trial(copy, scratch) as data:
        restored = report.step("installation made from the copy", lambda: make(copy.absolute(), data, now=now_ms(), fence=False))
        report.step("settings read", lambda: load(data, None))
        report.step("a message accepted", lambda: asyncio.run(_accept(data)))
        report.end(restored, json)


@app.command()
def restore(copy: Copy, scratch: Where = None, json: options.Json = False) -> None:
    """Rehearse a restore: make an installation from the copy alone and verify every byte and proof."""
    report = Report()
    with _trial(copy, scratch) as data:
        restored = report.step("installation made from the copy", lambda: make(copy.absolute(), data, now=now_ms(), fence=False))
        before = _waiting(data)
        report.problems += report.step("who waits, from every record", lambda: replay.rebuild(data, now=now_ms()))
        if _waiting(data) != before:
            report.problems.append("Those who wait by the snapshot are not those who wait by all records.")
        check = Check(data, deep=True)
        verdict = report.step("every byte and every proof", lambda: verify_ledger(data, check.heads()))
        report.problems += [p.text for p in verdict.problems] + [p.sentence for p in check.problems]
        report.end(restored, json, captures=verdict.captures)


@contextmanager
def _trial(copy: Path, scratch: Path | None) -> Iterator[Path]:
    top = scratch or copy.absolute().parent
    if not top.is_dir():
        raise UsageError(f"{top} is not a folder.")
    trial = Path(tempfile.mkdtemp(prefix="civicmail-drill-", dir=top))
    try:
        yield trial
    finally:
        shutil.rmtree(trial)


def _waiting(data: Path) -> set[tuple[bytes, int]]:
    return {(entry.id, index) for entry in outstanding_file.current(data).waiting() for index in entry.waiting}


async def _accept(data: Path) -> None:
    """The way of every message, up to the moment at which it would be acknowledged."""
    commit = GroupCommit(Writer(data, now_ms))
    try:
        envelope = Envelope("drill@localhost", (Recipient("drill@localhost"),), now_ms())
        await Pipeline(commit).accept(_LETTER, envelope, Source("local", "drill"))
    finally:
        await commit.close()
