"""Report each accounted loss once, by its entry, instead of every trace that it has left."""

from __future__ import annotations

from typing import Any

import orjson

from civicmail.core.disk import lost_records
from civicmail.core.ledger.heads import HeadMatcher, text
from civicmail.core.ledger.problems import KeptRecord, records_text
from civicmail.mail.archive.repair import ACT

_REPAIRS = HeadMatcher(text(ACT))
_TRACES = frozenset({"damaged", "dropped", "gap", "number-missing"})


class Losses:
    """Collects entries about losses from heads, then explains problems by them."""

    def __init__(self) -> None:
        self._losses: list[tuple[str, lost_records.Spans, str, str]] = []  # journal, numbers, entry, reason
        self._spans: dict[str, lost_records.Spans] = {}

    def add(self, record: KeptRecord) -> None:
        """Look whether this is an entry about a repair."""
        if not _REPAIRS.matches(record.head):
            return
        try:
            head = orjson.loads(record.head)
            if head["type"] != "entry" or head["facts"]["act"] != ACT:
                return
            facts = head["facts"]
            name, reason = str(facts["journal"]), str(facts["reason"])
            spans = lost_records.joined((int(first), int(last)) for first, last in facts["lost"])
        except (ValueError, KeyError, TypeError):
            return  # the ledger's check names such a head
        self._losses.append((name, spans, f"{record.journal}:{record.number}", reason))
        self._spans[name] = lost_records.joined(self._spans.get(name, []) + spans)

    def explain(self, problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same problems, with one problem for each accounted loss in place of those that it explains."""
        remaining = [p for p in problems if not self._accounts_for(p)]
        explained: dict[str, lost_records.Spans] = {}
        for name, spans, entry, reason in self._losses:
            for first, last in lost_records.without(spans, explained.get(name, [])):
                named = records_text(first, last, name)
                text = f"{named[0].upper()}{named[1:]} {'is' if first == last else 'are'} lost; entry {entry} says why: {reason}"
                remaining.append({"code": "lost", "text": text, "journal": name, "number": first, "last": last, "entry": entry})
            explained[name] = lost_records.joined(explained.get(name, []) + spans)
        return remaining

    def _accounts_for(self, problem: dict[str, Any]) -> bool:
        if problem["code"] not in _TRACES:
            return False
        if problem["code"] == "number-missing":
            name, _, numbers = problem["where"].partition(":")
            first, last = map(int, numbers.split("-"))
        elif "journal" in problem:
            name, first, last = problem["journal"], problem["number"], problem["last"]
        else:
            return False
        return first > 0 and not lost_records.without([(first, last)], self._spans.get(name, []))
