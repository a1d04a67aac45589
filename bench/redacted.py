"""Pages a second that are released: text that is set again, and pages that are drawn as pictures, without OCR."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench.report import Report, Row
from civicmail.core.redaction.picture_path import picture_pdf
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile, Word
from civicmail.core.redaction.text_path import text_pdf

WORDS_A_PAGE = 500
EVERY = 40
"""Of so many words one is redacted."""


def run(report: Report, *, texts: int, scans: int, rounds: int) -> None:
    """texts: messages of five pages; scans: files of ten pages. Two threads ask, as the worker does."""
    made = [_text(n, 5 * WORDS_A_PAGE) for n in range(texts * rounds)]
    _measure(report, "text path", [lambda text=text: _set(text) for text in made], rounds, ">= 50/s")
    files = [_set(_text(n, 10 * WORDS_A_PAGE)).content for n in range(scans)]
    read = [document_of(content) for content in files]
    drawn = [lambda n=n: _drawn(files[n], read[n]) for _ in range(rounds) for n in range(scans)]
    _measure(report, "picture path", drawn, rounds, ">= 3/s")


def _measure(report: Report, who: str, work: list[Callable[[], ReleasedFile]], rounds: int, target: str) -> None:
    size = len(work) // rounds
    speeds = []
    with ThreadPoolExecutor(2) as executor:
        list(executor.map(lambda one: one(), work[:2]))  # processes have started
        for n in range(rounds):
            started = time.perf_counter()
            pages = sum(file.pages for file in executor.map(lambda one: one(), work[n * size : (n + 1) * size]))
            speeds.append(pages / (time.perf_counter() - started))
    report.add(Row("redacted", who, "pages a second, two processes", median(speeds), "/s", None, target))


def _text(seed: int, words: int) -> Document:
    chance = random.Random(seed)
    made = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(words)]
    gaps = chance.choices((" ", "\n", "\n\n"), (12, 1, 0.3), k=words)
    return Document("text", tuple(Word(word) for word in made), tuple(gaps))


def _redactions(document: Document) -> list[Redaction]:
    return [Redaction(n + 1, "§19.36(10)(a)", at, at + 1) for n, at in enumerate(range(0, len(document.words) - 2, EVERY))]


def _set(text: Document) -> ReleasedFile:
    return text_pdf(text, _redactions(text), title="Message", lang="en", number="MKE-2026-00041-000001")


def _drawn(content: bytes, pages: Document) -> ReleasedFile:
    return picture_pdf(content, pages, _redactions(pages), title="File", lang="en", number="MKE-2026-00041-000001")
