"""File checks: cost per file, and false positives in good mail.

Files are all of the folder `attachments` of CIVICMAIL_CORPORA and those that bench/files.py makes; good mail is that of
bench/confidential.py. What is found there is counted by fact, and somebody has to look whether it is true.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench import confidential
from bench import files as made
from bench.report import Report, Row
from civicmail.core.message import message_parser
from civicmail.mail.screening import files
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.file_scan import FileScan, Item

PART = "inspect."


def run(report: Report, *, count: int, rounds: int) -> None:
    """count: messages of good mail."""
    where = os.environ.get("CIVICMAIL_CORPORA", "")
    corpora = Path(where) if where else None
    every = list(_files(corpora))
    for _ in range(rounds):
        costs = sorted(_cost(name, content) for name, content in every)
        size = sum(len(content) for _, content in every) / len(every)
        report.add(
            Row(PART, "civicmail", "cost of a file, mean", 1000 * sum(costs) / len(costs), "ms", None, "<= 2 ms"),
            Row(PART, "civicmail", "cost of a file, median", 1000 * costs[len(costs) // 2], "ms"),
            Row(PART, "civicmail", "cost of a file, p99", 1000 * costs[len(costs) * 99 // 100], "ms", None, "<= 50 ms"),
        )
        report.note(f"{len(every)} files of {size / 1000:.0f} kB on average")
    _good(report, corpora, count)


def _files(corpora: Path | None) -> Iterator[tuple[str, bytes]]:
    if corpora is not None:
        for path in sorted((corpora / "attachments").rglob("*")):
            if path.is_file():
                yield path.name, path.read_bytes()
    for message in made.messages(150):
        for part in message_parser.parse(message).attachments:
            yield part.filename, part.content


def _cost(name: str, content: bytes) -> float:
    """Seconds of the processor."""
    look = FileScan(files.NAME, files.VERSION, Allowance(), files.scan_file)
    began = time.process_time()
    files.scan_file(Item("1", 0, len(content), name, "", content), look)
    return time.process_time() - began


def _good(report: Report, corpora: Path | None, count: int) -> None:
    facts, costs, messages, attached = Counter[str](), list[float](), 0, 0
    for raw in islice(confidential.good(corpora), count):
        message = message_parser.parse(raw)
        began = time.process_time()
        inspected = files.scan_files(message, Allowance())
        costs.append(time.process_time() - began)
        messages += 1
        attached += int(inspected.facts.get("files.count", 0) or 0)  # type: ignore[arg-type]  # a number, by the table of facts
        facts.update(fact for fact, value in inspected.facts.items() if value is True)
    report.note(f"{messages:,} good messages with {attached:,} files; by fact: {dict(facts)}")
    report.add(
        Row(PART, "civicmail", "good messages with a fact", facts.total(), "messages", None, "true ones alone"),
        Row(PART, "civicmail", "cost of a message, mean", 1000 * sum(costs) / messages, "ms"),
        Row(PART, "civicmail", "cost of a message, p99", 1000 * sorted(costs)[messages * 99 // 100], "ms"),
    )
