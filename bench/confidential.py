"""Confidential information and use: findings in good mail, detection rate, cost per message.

Good mail is all of it that CIVICMAIL_CORPORA has; whatever is surely confidential there is counted, and somebody has to look
whether it is true. Identifiers are made by tests/mail/screening/identifiers.py, and those of Presidio's own sentences are read.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import corpus
from bench.report import Report, Row
from civicmail.city.snapshot import snapshot as access
from civicmail.core.config.settings import Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, ParsedMessage, Recipient
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.confidential import candidates, canonical, check, exact_lists
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CombinedCase, ContentCase, ExtractedMessage
from civicmail.mail.screening.use import signals, words
from mail.screening.identifiers import KINDS

GOOD = ("spamassassin/easy_ham", "spamassassin/easy_ham_2", "spamassassin/hard_ham", "enron_maildir", "enron_spam_raw")
SENTENCES = "dlp_pii/presidio/presidio-analyzer/tests/data/context_sentences_tests.txt"
NUMBERS = "dlp_pii/python-stdnum/test_iban.doctest"
OURS = {
    "US_SSN": "ssn", "US_ITIN": "itin", "US_DRIVER_LICENSE": "licence", "ABA_ROUTING_NUMBER": "bank",
    "US_BANK_NUMBER": "bank", "US_PASSPORT": "passport",
}  # fmt: skip
"""Presidio's name of a kind that we look for: the others are no identifiers of this country."""

ME = "ann@city.example"


def run(report: Report, *, count: int) -> None:
    """count: messages of good mail, and identifiers of each kind."""
    where = os.environ.get("CIVICMAIL_CORPORA", "")
    _good(report, Path(where) if where else None, count)
    _made(report, min(count, 1000))
    if where:
        _sentences(report, Path(where))
    _lists(report, 300 * min(count, 1000))


def good(where: Path | None) -> Iterator[bytes]:
    """Good mail: people's, then lists'; without the corpora that of the sample city."""
    if where is not None:
        for name in GOOD:
            yield from (path.read_bytes() for path in sorted((where / name).rglob("*")) if path.is_file())
    yield from corpus.source()[1]


def _good(report: Report, where: Path | None, count: int) -> None:
    sure, costs, used = Counter[str](), list[float](), list[float]()
    messages, surely = 0, 0
    for raw in islice(good(where), count):
        message = message_parser.parse(raw)
        began = time.process_time()
        facts = check.find(ContentCase(raw, message, ReadMessage())).facts
        costs.append(time.process_time() - began)
        high = facts.get("confidential.high", ())
        surely += bool(high)
        sure.update(high if isinstance(high, tuple) else ())
        began = time.process_time()
        sure.update(f"use {kind}" for kind in _use(raw, message))
        used.append(time.process_time() - began)
        messages += 1
    part, costs = "confiden.", sorted(costs)
    report.note(f"{messages:,} good messages; surely confidential, by kind, and categories of use: {dict(sure)}")
    report.add(
        Row(part, "civicmail", "good messages surely confidential", surely, "messages", None, "true ones alone"),
        Row(part, "civicmail", "cost of a message, mean", 1000 * sum(costs) / messages, "ms", None, "<= 0.3 ms"),
        Row(part, "civicmail", "cost of a message, median", 1000 * costs[messages // 2], "ms"),
        Row(part, "civicmail", "cost of a message, p99", 1000 * costs[messages * 99 // 100], "ms"),
        Row(part, "civicmail", "use: cost of a message, mean", 1000 * sum(used) / messages, "ms"),
    )
    for kind in signals.REVIEWED:
        report.add(Row(part, "civicmail", f"use: good messages {kind}", 100 * sure[f"use {kind}"] / messages, "%", None, "< 1 %"))


_SNAPSHOT = access.build(
    1, 1, ("city.example",), [access.Person("ann", ME, "Ann", "employee", 1)],
    [access.Mailbox(ME, "personal", "Ann", "parks", "open", "", "ann", (ME,))], {},
)  # fmt: skip


def _use(raw: bytes, message: ParsedMessage) -> tuple[str, ...]:
    """As if somebody of the city had sent it to all whom it names, all outside."""
    word_counts = words.find(ContentCase(raw, message, ReadMessage())).more
    to = tuple(Recipient(address.addr) for address in (*message.to, *message.cc) if address.domain)
    seen = ExtractedMessage(people={"reply-to": tuple((a.display, a.addr) for a in message.reply_to)}, list_id=message.list_id)
    world, envelope = CheckContext(Settings(), 0, _SNAPSHOT, {}), Envelope(ME, to, 0, login="ann")
    categories = signals.find(CombinedCase(seen, envelope, "submission", False, world, {}, {words.NAME: word_counts})).facts.get(
        "use.categories", ()
    )
    return categories if isinstance(categories, tuple) else ()


def _made(report: Report, count: int) -> None:
    rng = random.Random(7)  # the same every time
    recognized = wrong = wrongs = 0
    worst = (2.0, "")
    for name, make in KINDS.items():
        recognized_of_kind = 0
        for _ in range(count):
            made = make(rng)
            recognized_of_kind += made.kind in _high(made.text)
            if made.wrong:
                wrongs += 1
                wrong += bool(_high(made.wrong))
        recognized += recognized_of_kind
        worst = min(worst, (recognized_of_kind / count, name), key=lambda share: share[0])
    report.note(f"{count} identifiers of each of {len(KINDS)} kinds; the kind that is found least is {worst[1]}")
    report.add(
        Row("confiden.", "civicmail", "made identifiers found", 100 * recognized / (count * len(KINDS)), "%", None, ">= 98 %"),
        Row("confiden.", "civicmail", "the kind found least", 100 * worst[0], "%", None, ">= 98 %"),
        Row("confiden.", "civicmail", "found with a digit wrong", 100 * wrong / max(1, wrongs), "%", None, "0 %"),
    )


def _high(text: str) -> set[str]:
    return {hit.kind for hit in check.in_text(canonical.of("1", f"Hello,\nas promised:\n{text}\nThanks")) if hit.sure == "high"}


def _sentences(report: Report, where: Path) -> None:
    """Presidio's sentences in which context decides, and python-stdnum's bank numbers as people write them, good and wrong."""
    lines = [line for line in (where / SENTENCES).read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    sentences = [(OURS[kind], sentence) for kind, sentence in zip(lines[::2], lines[1::2], strict=False) if kind in OURS]
    blocks = re.findall(r"numbers = '''\n(.*?)'''", (where / NUMBERS).read_text("utf-8"), re.DOTALL)
    good, wrong = ([f"to {n} please" for line in block.splitlines() if (n := line.strip(". "))] for block in blocks[:2])
    sentences += [("iban", sentence) for sentence in good]
    is_recognized = [kind in _kinds(sentence) for kind, sentence in sentences]
    report.note(
        f"{len(sentences)} of dlp_pii: Presidio's sentences of this country's identifiers, however sure, and python-stdnum's IBANs"
    )
    report.add(
        Row("confiden.", "civicmail", "dlp_pii found", 100 * sum(is_recognized) / len(is_recognized), "%", None, ">= 98 %"),
        Row(
            "confiden.",
            "civicmail",
            "dlp_pii: wrong ones found",
            sum("iban" in _kinds(sentence) for sentence in wrong),
            "numbers",
            None,
            "0",
        ),
    )


def _kinds(text: str) -> set[str]:
    return {hit.kind for hit in check.in_text(canonical.of("1", text))}


def _lists(report: Report, rows: int) -> None:
    """A list of so many numbers, and a message with as many candidates as are looked up."""
    key, rng = bytes(range(32)), random.Random(5)
    numbers = rng.sample(range(1_000_000, 900_000_000), rows + candidates.IDS)
    began = time.process_time()
    content, _, _ = exact_lists.build(key, (([f"{number:09}"], f"Family{number % 977}") for number in numbers[:rows]), 0)
    built = time.process_time() - began
    with TemporaryDirectory() as folder:
        path = Path(folder) / "staff.list"
        path.write_bytes(content)
        held = exact_lists.read(path, key)
        began = time.process_time()
        false = sum(bool(held.names(exact_lists.identifier_hash(key, f"{number:09}"))) for number in numbers[rows:])
        looked = time.process_time() - began
    report.add(
        Row("confiden.", "civicmail", f"a list of {rows:,} rows, made", built, "s"),
        Row("confiden.", "civicmail", "the same, its file", len(content) / 1e6, "MB"),
        Row("confiden.", "civicmail", "one look-up", 1e6 * looked / candidates.IDS, "µs"),
        Row("confiden.", "civicmail", "found that are not in it", false, "values", None, "0"),
    )
