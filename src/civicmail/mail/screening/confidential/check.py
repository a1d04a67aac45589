"""The check "confidential": kinds of confidential information in a message, with evidence and without any value (P-19).

A finding names part, offset and length and shows at most the last two characters. An unreadable part of a file is a finding
`unread`; facts list the kinds that are certain or possible, and the number of different values.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.sandbox.errors import ENCRYPTED, TOO_LONG, Spent
from civicmail.mail.screening.confidential import candidates, prefilter, texts
from civicmail.mail.screening.confidential.shapes import CHECK, HITS, PERCENT, PICTURES, SCAN, Hit, Text
from civicmail.mail.screening.shapes import CheckResult, ContentCase

NAME = CHECK
VERSION = 1
SECONDS = 2.0
"""Processor time in seconds for the detectors; a finding reports the unread rest."""
SEALED = frozenset({ENCRYPTED})
"""Why a file is not read that nobody else can read either; the fact `files.encrypted` covers it."""

MAX_FINDINGS = 10
"""Findings of one kind; further values are only counted."""

_WORDS = frozenset({"health"})
"""Kinds that are words: they are no values that could be counted."""
_DOTS = "…"


def find(case: ContentCase, clock: Callable[[], float] = time.process_time) -> CheckResult:
    """Run the check. clock: seconds of processor time."""
    inbound = case.request.inbound
    message_texts = texts.shared(case)
    scanned = case.request.scanned
    for part, words, why in scanned:
        message_texts.add(f"{part}/{SCAN}", words)
        message_texts.unread += [(f"{part}/{SCAN}", why)] if why else []
    public = frozenset(_plain(number) for number in case.request.public)
    until = clock() + SECONDS

    def tick() -> None:
        if clock() > until:
            raise Spent(TOO_LONG)

    held = [replace(text, tick=tick) for text in message_texts.texts]
    hits = [pair for pair in _hits(held, message_texts.unread) if not _is_public(pair[1], public)]
    looked_up = _looked_up(held, message_texts.unread) if case.request.lists and not inbound else {}
    findings = list(_findings(hits))
    findings += [Finding(NAME, "unread", part, mask=why, version=VERSION) for part, why in message_texts.unread[:MAX_FINDINGS]]
    facts = _facts(hit for _, hit in hits)
    if any(why not in SEALED for _, why in message_texts.unread):
        facts["confidential.unread"] = True
    more: dict[str, object] = {"candidates": looked_up} if looked_up else {}
    if message_texts.pictures and not scanned:
        more[PICTURES] = message_texts.pictures
    return CheckResult(tuple(findings), facts, more)


def _hits(held: Iterable[Text], unread: list[tuple[str, str]]) -> Iterator[tuple[Text, Hit]]:
    """Hits in all texts while time remains; the text at which it ends counts as unread."""
    for text in held:
        try:
            text.tick()
            yield from ((text, hit) for hit in in_text(text))
        except Spent as spent:
            unread.append((text.part, spent.why))
            break


def _looked_up(held: list[Text], unread: list[tuple[str, str]]) -> dict[str, object]:
    """Candidates for the city's lists; without time there are none, and a finding says so."""
    try:
        return candidates.of(held)
    except Spent as spent:
        unread.append((held[-1].part, spent.why))
        return {}


def _is_public(hit: Hit, public: frozenset[str]) -> bool:
    """Whether a number is public; for an account with its bank both must be."""
    return bool(public) and all(part in public for part in hit.value.split("/"))


def _plain(number: str) -> str:
    return "".join(c for c in number.upper() if c.isalnum())


def in_text(text: Text) -> Iterator[Hit]:
    """Hits of the detectors in one text, at most HITS of each. Raises Spent."""
    for detector in prefilter.candidates(text):
        text.tick()
        yield from islice(detector.find(text), HITS)


def _findings(hits: list[tuple[Text, Hit]]) -> Iterable[Finding]:
    """The surest of each value, surest first, at most TOLD of a kind."""
    best: dict[tuple[str, str], tuple[Text, Hit]] = {}
    for text, hit in hits:
        there = best.get((hit.kind, hit.value))
        if there is None or PERCENT[hit.sure] > PERCENT[there[1].sure]:
            best[hit.kind, hit.value] = (text, hit)
    counts: dict[str, int] = {}
    for text, hit in sorted(best.values(), key=lambda pair: -PERCENT[pair[1].sure]):
        counts[hit.kind] = counts.get(hit.kind, 0) + 1
        if counts[hit.kind] > MAX_FINDINGS:
            continue
        offset, length = text.place(hit.start, hit.end)
        mask = _DOTS + hit.value[-2:] if hit.shown and len(hit.value) > 4 else _DOTS
        yield Finding(NAME, hit.kind, text.part, offset, length, mask, PERCENT[hit.sure], VERSION)


def _facts(hits: Iterable[Hit]) -> dict[str, FactValue]:
    """The count is of different values or of the people in lists, whichever are more: rows may have values of their own."""
    values: dict[tuple[str, str], int] = {}
    people: dict[str, int] = {}
    for hit in hits:
        values[hit.kind, hit.value] = max(PERCENT[hit.sure], values.get((hit.kind, hit.value), 0))
        if hit.people:
            people[hit.value] = max(hit.people, people.get(hit.value, 0))
    high = sorted({kind for (kind, _), sure in values.items() if sure == PERCENT["high"]})
    medium = sorted({kind for (kind, _), sure in values.items() if sure == PERCENT["medium"]} - set(high))
    facts: dict[str, FactValue] = {}
    if high:
        facts["confidential.high"] = tuple(high)
        numbers = sum(sure == PERCENT["high"] and kind not in _WORDS for (kind, _), sure in values.items())
        if count := max(numbers, sum(people.values())):
            facts["confidential.count"] = count
    if medium:
        facts["confidential.medium"] = tuple(medium)
    return facts
