"""Whether the last messages of a large archive cost as much as the first, and query times then."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.kept import add_sizes
from bench.made import Made, made
from bench.processes import measured
from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import search
from neighbours.civic import PROGRAM, civicmail

QUERIES = 200
NOW = datetime(2027, 1, 1, tzinfo=UTC)
_WORD = re.compile(r"[A-Za-z]{3,12}")


def run(report: Report, *, total: int, slice_: int) -> None:
    """`total` made messages, imported and sealed a slice at a time; then queries in this process."""
    mail = made(total)
    report.note(
        f"{total} messages made of {len(mail.base)} real ones ({mail.name}): new ids, dates over seven years, lines shuffled; "
        f"{slice_} at a time"
    )
    with scratch() as top:
        data, size = top / "data", 0
        civicmail("init", data=data)
        each, most = list[float](), 0.0
        for first in range(0, total, slice_):
            box = top / f"{first}.mbox"
            size += mail.mbox(box, first, slice_)
            taken = measured([PROGRAM, "import", str(box), "--data", str(data)])
            box.unlink()
            sealed = measured([PROGRAM, "tick", "--data", str(data)])
            each.append(1000 * (taken.cpu + sealed.cpu) / slice_)
            most = max(most, taken.peak, sealed.peak)
        report.add(
            Row("growth", "import and seal", "CPU for a message, first slice", each[0], "ms"),
            Row("growth", "import and seal", "CPU for a message, last slice", each[-1], "ms"),
            Row("growth", "import and seal", "last slice against the first", each[-1] / each[0], "x", None, "<= 1.3"),
            Row("growth", "import and seal", "peak memory, mapped mbox included", most, "MiB"),
        )
        report.note("CPU for a message by slice: " + ", ".join(f"{ms:.3f}" for ms in each) + " ms")
        add_sizes(report, "growth", data, size, real=False)
        _query(report, data, mail)


def _query(report: Report, data: Path, mail: Made) -> None:
    """Newest 20 with the exact count, in this process, each query once to warm up and three times to be timed."""
    reader = Reader(data)
    took: list[tuple[float, float, str]] = []
    for text in questions(mail, QUERIES):
        tree = parse(text, now=NOW)
        _ask(reader, tree)
        times = sorted(_ask(reader, tree) for _ in range(3))
        took.append((*times[1], text))
    took.sort()
    wall, cpu = [t[0] for t in took], sorted(t[1] for t in took)
    at = int(0.95 * (len(took) - 1))
    report.add(
        Row("growth", "query", "newest 20 and count, 95 of 100", wall[at], "ms", None, "<= 20 ms"),
        Row("growth", "query", "the same in CPU time", cpu[at], "ms"),
        Row("growth", "query", "median", wall[len(wall) // 2], "ms"),
        Row("growth", "query", "slowest", wall[-1], "ms"),
    )
    report.note("slowest queries: " + "; ".join(f"{text} ({ms:.1f} ms)" for ms, _, text in reversed(took[-3:])))


def _ask(reader: Reader, tree: Tree) -> tuple[float, float]:
    """Milliseconds on the clock and of CPU."""
    began, cpu = time.perf_counter(), time.process_time()
    search(reader, tree, limit=20)  # the page says the exact count
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - cpu)


def questions(mail: Made, number: int) -> Iterator[str]:
    """What people ask, in equal parts: a word, two, a phrase, a person, a subject, a word in a year, the beginning of a word, a
    word without another, two near each other, a conversation. Words are drawn as often as they are written, so common ones are
    among them."""
    chance = random.Random(2)
    for n in range(number):
        raw = chance.choice(mail.base).decode(errors="replace")
        words = _WORD.findall(raw.partition("\n\n")[2]) or ["the"]
        one, other = chance.choice(words), chance.choice(words)
        at = chance.randrange(len(words))
        sender = re.search(r"(?im)^from:.*?([\w.+-]+@[\w.-]+)", raw)
        yield (
            one,
            f"{one} {other}",
            '"' + " ".join(words[at : at + 2]) + '"',
            f"from:{sender[1]}" if sender else one,
            f"subject:{one}",
            f"{one} after:{2020 + n % 7} before:{2021 + n % 7}",
            f"{one[:5]}*",
            f"{one} -{other}",
            f"{one} AROUND 10 {other}",
            f"thread:{identifier[1]}" if (identifier := re.search(r"(?im)^message-id:\s*<(.+?)>", raw)) else one,
        )[n % 10]
