"""The release gate: pages a second with OCR, as in the background, and without it.

A production of letters that are set again from words, about 450 on a page, as they come of mail.
"""

from __future__ import annotations

import resource
import statistics
import time
from dataclasses import dataclass
from itertools import cycle, islice

from bench.report import Report, Row
from civicmail.core.redaction import gate
from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.shapes import Document, ReleasedFile, Word
from civicmail.core.redaction.text_path import text_pdf
from civicmail.core.sandbox.ocr import Ocr, find_tesseract

TEXT = (
    "The council met at noon and heard the report about the bridge over the river which was closed for repairs in the autumn and "
    "opened again after the inspectors had found that its deck could carry buses and fire engines without a limit of weight"
)
PAGE = 450
FORBIDDEN = [f"forbidden{n:04}" for n in range(1000)]


@dataclass(frozen=True, slots=True)
class Blind(Ocr):
    """The gate without the time of OCR."""

    def words_any_way_up(self, picture: bytes) -> tuple[str, str]:
        return "", ""


def run(report: Report, *, pages: int, rounds: int) -> None:
    ocr = find_tesseract("eng")
    files = [letter(number) for number in range(pages)]
    parts: list[tuple[str, Ocr]] = [("without OCR", Blind("", "", finds_orientation=True))]
    if ocr is None:
        report.note("released is measured without OCR: tesseract is not here (make neighbours)")
    else:
        parts.append(("with OCR", ocr))
    gate.check(files[:1], FORBIDDEN, ocr=parts[0][1], balance=Balance(0))  # the sandboxed processes are there afterwards
    for what, reader in parts:
        costs = [_measured(files, reader) for _ in range(rounds)]
        wall = statistics.median(wall for wall, _ in costs)
        report.add(
            Row("released", "civicmail", f"pages through the gate {what}", pages / wall, "/s", None, ">= 0.7/s"),
            Row("released", "civicmail", f"CPU for a page {what}", 1000 * statistics.median(cpu for _, cpu in costs) / pages, "ms"),
        )


def letter(number: int) -> ReleasedFile:
    """A page of text as it is released."""
    words = tuple(Word(word) for word in islice(cycle(TEXT.split()), PAGE))
    return text_pdf(Document("text", words, (" ",) * PAGE), (), title=f"Letter {number}", lang="en", number=f"BENCH-{number:06}")


def _measured(files: list[ReleasedFile], ocr: Ocr) -> tuple[float, float]:
    """Seconds by the clock, and of the processor with that of OCR."""
    before, begin = _cpu(), time.perf_counter()
    gate.check(files, FORBIDDEN, ocr=ocr, balance=Balance(0))
    return time.perf_counter() - begin, _cpu() - before


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)
