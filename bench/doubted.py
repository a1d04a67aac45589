"""Warning banners: how often good external mail would get one, and the cost of marking a copy.

Good mail of the corpora in the order of its dates: its first half teaches whom the city has heard from, its second half is counted.
Nobody asks DNS here, so what authentication says is left out; a city counts that with the forecast of its own rules.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.lookalikes import NAMES
from bench.report import Report, Row
from civicmail.core.config.settings import DOUBTS
from civicmail.core.message import message_parser, text_parts
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.courier import warning_banner
from civicmail.mail.screening import links, urls
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.lookalikes import Protected, find_likeness, protect
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import ContentCase

GOOD = ("spamassassin/easy_ham", "spamassassin/easy_ham_2", "spamassassin/hard_ham", "enron_maildir")
OWN = "enron.com"
"""Of that corpus's own people: their mail to each other is not from outside."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_AUTOMATIC = {"auto-submitted", "precedence", "list-id", "x-mailing-list", "list-unsubscribe"}


def run(report: Report, *, most: int) -> None:
    """most: messages of each corpus."""
    where = os.environ.get("CIVICMAIL_CORPORA", "")
    if not where:
        report.note("the line of doubt is left out: CIVICMAIL_CORPORA names no folder")
        return
    for name in (GOOD[:3], GOOD[3:]):
        read = sorted(_outside(Path(where), name, most), key=lambda pair: pair[0].date or _LONG_AGO)
        if read:
            _counted(report, name[0].partition("/")[0], read)


def _outside(where: Path, names: tuple[str, ...], most: int) -> Iterator[tuple[ParsedMessage, bytes]]:
    for name in names:
        for path in sorted(p for p in (where / name).rglob("*") if p.is_file())[:most]:
            raw = path.read_bytes()
            message = message_parser.parse(raw)
            if message.from_ and not message.from_[0].domain.endswith(OWN):
                yield message, raw


def _counted(report: Report, name: str, mail: list[tuple[ParsedMessage, bytes]]) -> None:
    half, protected = len(mail) // 2, protect(NAMES)
    known = {read.from_[0].addr.lower() for read, _ in mail[:half]}
    why, costs = Counter[str](), []
    for read, raw in mail[half:]:
        marks = list(_marks(read, raw, protected, first=read.from_[0].addr.lower() not in known))
        known.add(read.from_[0].addr.lower())
        begun = time.process_time()
        parts = text_parts.opened(raw)
        reason = warning_banner.reason(marks, DOUBTS, {"files.count": len(_files(read))}, (part.content for part in parts))
        costs.append(time.process_time() - begun)
        if reason:
            mark_ = next((mark for mark, _ in marks if mark in DOUBTS), "")
            why[mark_ or ("first with a file" if reason == warning_banner.FILE else "first about a payment")] += 1
    count = len(mail) - half
    for reason, times in why.most_common():
        report.add(Row("doubted", "civicmail", f"{name}: {reason}", 100 * times / count, "%"))
    report.add(Row("doubted", "civicmail", f"{name}: line on {count:,} good", 100 * why.total() / count, "%", target="<= 3"))
    report.add(Row("doubted", "civicmail", f"{name}: whether to, mean", sum(costs) / count * 1e3, "ms", target="<= 1"))


def _files(message: ParsedMessage) -> list[str]:
    return [part.filename for part in message.attachments if part.filename and not part.content_type.startswith("image/")]


def _marks(message: ParsedMessage, raw: bytes, protected: Protected, *, first: bool) -> Iterator[tuple[str, str]]:
    """As the rules of the starter pack set them, without those that ask DNS or the directory."""
    domain = a_labels(message.from_[0].domain)
    if find_likeness(domain, protected) is not None:
        yield "lookalike", "x"
    there = {header.name.lower() for header in message.headers}
    answers = {urls.registrable(a_labels(address.domain)) for address in message.reply_to if address.domain}
    if not message.list_id and first and answers - {urls.registrable(domain)}:
        yield "reply-elsewhere", "x"
    facts = links.find(ContentCase(raw, message, ReadMessage(domains=tuple(NAMES)))).facts
    if facts.get("links.deceptive") and first:
        yield "deceptive-link", "x"
    if any(facts.get(f"links.{code}") for code in ("address", "credentials", "data", "lookalike")):
        yield "odd-link", "x"
    if first and not there & _AUTOMATIC:
        yield warning_banner.FIRST, "x"
