"""Phishing: how much the starter rules mark, and how much good mail with it.

Nothing of the mail is in the project. CIVICMAIL_PHISHING names a folder of raw phishing, one message a file, with its links and the
results of the host that received it; CIVICMAIL_PLACEHOLDER is what stands there for the readers' addresses, so that an address of
the city can take its place. Good mail: sources.py. What says that the city never heard from somebody is left out on both sides, and
so is mail that the collection's owner sent to himself.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from dataclasses import dataclass, replace

from bench import sources
from bench.report import Report, Row
from civicmail.city.policy import active_rules
from civicmail.city.policy.dispositions import Facts
from civicmail.city.policy.engine import decide
from civicmail.city.policy.rules import RuleSet
from civicmail.core.config.settings import Settings
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, ParsedMessage, Recipient
from civicmail.mail.screening import displaynames, message_reader, phishing
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.reader_request import ReadMessage, request_of
from civicmail.mail.screening.shapes import CombinedCase, ContentCase

CITY, READER = "springfield.gov", "ann.miller@springfield.gov"
NEW = frozenset({"hidden-host", "company-name", "own-address", "disguised-text", "no-address", "unlisted-server"})
"""The rules of starter/phishing.toml."""
NOW = 1_796_000_000_000
BAD, GOOD = 500, 2_500
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_ACTION = re.compile(r"\baction=(\w+)")
_POLICY = {"oreject": "reject", "reject": "reject", "quarantine": "quarantine"}
_KNOWN = {
    "auth.spf": ("pass", "fail", "softfail", "neutral", "temperror", "permerror"),
    "auth.dkim": ("pass", "fail", "temperror", "permerror"),
    "auth.dmarc": ("pass", "fail", "temperror"),
}


@dataclass(frozen=True, slots=True)
class Marked:
    """before: whether any other rule acts; by: the new rules that do."""

    before: bool
    by: frozenset[str]


def run(report: Report, *, small: bool) -> None:
    sources_ = sources.bad("CIVICMAIL_PHISHING")
    if not sources_:
        report.note("phishing is left out: CIVICMAIL_PHISHING names no folder")
        return
    book = active_rules.starter_pack()
    for source in sources_:
        _bad(report, source, book, 50 if small else BAD)
    good = sources.good()
    each = (200 if small else GOOD) // max(1, len(good))
    for source in good:
        _good(report, source, book, each)


def _bad(report: Report, source: sources.Source, book: RuleSet, most: int) -> None:
    placeholder = os.environ.get("CIVICMAIL_PLACEHOLDER", "").encode()
    seen: list[tuple[Marked, Marked]] = []
    for raw in source.some(2 * most):
        mail = raw.replace(placeholder, READER.encode()) if placeholder else raw
        message = message_parser.parse(_crlf(mail))
        if len(seen) < most and not any(author.addr.lower() == READER for author in message.from_):
            seen.append((marked(mail, message, book, results=False), marked(mail, message, book, results=True)))
    n = len(seen)
    for what, unmarked, target in (
        ("unmarked before, bytes alone", sum(not a.before for a, _ in seen), ""),
        ("unmarked before, host's results", sum(not b.before for _, b in seen), ""),
        ("unmarked now, bytes alone", sum(not a.before and not a.by for a, _ in seen), ""),
        ("unmarked now, host's results", sum(not b.before and not b.by for _, b in seen), "<= 30"),
    ):
        report.add(Row("phishing", source.name[:24], f"{what}: {unmarked} of {n}", 100 * unmarked / n, "%", target=target))
    by = Counter(name for _, b in seen if not b.before for name in b.by)
    report.note(f"{source.name}: new marks on what had none: {', '.join(f'{name} {count}' for name, count in by.most_common())}")


def _good(report: Report, source: sources.Source, book: RuleSet, most: int) -> None:
    mail = source.some(most)
    seen, spent = [], 0.0
    for raw in mail:
        message = message_parser.parse(_crlf(raw))
        seen.append(marked(raw, message, book, results=True))
        case = ContentCase(raw, message, ReadMessage(inbound=True, recipients=(READER,)))
        began = time.process_time()
        phishing.find(case)
        spent += time.process_time() - began
    new = sum(not result.before and bool(result.by) for result in seen)
    report.add(
        Row(
            "phishing",
            source.name[:24],
            f"good: marked before {sum(result.before for result in seen)}, new marks",
            new,
            f"of {len(seen)}",
        ),
        Row("phishing", source.name[:24], "the check, mean", 1000 * spent / max(1, len(mail)), "ms"),
    )


def marked(raw: bytes, message: ParsedMessage, book: RuleSet, *, results: bool) -> Marked:
    """By the rules of the book, without those that ask DNS, the directory or the city's own learner. results: with what the host
    that received it wrote down."""
    facts = {**looked_at(_crlf(raw), message), **(proofs(message) if results else {})}
    (decision,) = decide(book, {"source": "mx", "inbound": True, **facts}, [{"recipient.inside": True}], NOW)
    acting = {name for name in decision.rules if ":" not in name}
    return Marked(bool(acting - NEW), frozenset(acting & NEW))


def looked_at(raw: bytes, message: ParsedMessage) -> Facts:
    """What the limited process and the check of names find."""
    settings = Settings()
    checks = [name for name in settings.screening.checks if name not in ("authentication", "spam")]
    settings = replace(settings, city=replace(settings.city, domains=[CITY]), screening=replace(settings.screening, checks=checks))
    sender = message.from_[0].addr if message.from_ else ""
    envelope = Envelope(sender, (Recipient(READER),), NOW, "192.0.2.4", "mx.outside.example")
    seen = message_reader.read(raw, request_of(settings, envelope, "mx", inbound=True, size=len(raw)))
    case = CombinedCase(seen, envelope, "mx", True, CheckContext(settings, NOW), seen.facts, seen.more)
    return {**seen.facts, **displaynames.find(case).facts}


def proofs(message: ParsedMessage) -> Facts:
    """What the topmost field of the host that received it says; of several authors, or none, we know without DNS that nothing can
    be proven (RFC 9989 5.3.1)."""
    facts: dict[str, str | int | bool | tuple[str, ...]] = {}
    results = next((header.value for header in message.headers if header.name.lower() == "authentication-results"), "")
    for method, result in _RESULT.findall(results):
        name = f"auth.{method.lower()}"
        if facts.get(name) != "pass":
            facts[name] = result.lower() if result.lower() in _KNOWN[name] else "none"
    if facts.get("auth.dmarc") == "fail":
        action = _ACTION.search(results)
        facts["auth.dmarc_policy"] = _POLICY.get(action[1].lower(), "none") if action else "none"
    if results and len({author.domain.lower() for author in message.from_} - {""}) != 1:
        facts["auth.dmarc"] = "permerror"
    return facts


def _crlf(raw: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", raw)
