"""Timeline of an object from its audit entries (A1)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.entry_text import EntryNames
from civicmail.city.identity.queries.roster import Event
from civicmail.city.pages.entry_words import words

MAX_ENTRIES = 50
"""Events of one thing that a page shows; the rest is in the list of entries."""

WORDS = {
    "agency.change": "Changed",
    "mailbox.make": "Made",
    "mailbox.close": "Closed",
    "machine.make": "Made, or given more time",
    "group.change": "Changed",
    "department.change": "Changed",
    "policy.publish": "Published",
    "violation.report": "Reported",
    "violation.record": "Recorded, and access ended",
    "violation.name": "The person was named",
    "violation.evidence": "Another message was named",
    "violation.ask": "The person was asked",
    "violation.respond": "The person answered",
    "violation.find": "Found",
    "violation.decide": "Decided",
    "violation.second": "A second officer answered",
    "violation.train": "The training was done",
    "violation.appeal": "Appealed",
    "violation.hear": "The appeal was heard",
    "violation.reverse": "The record was taken back",
}
_OF_A_VIOLATION = frozenset({"outcome", "cites", "capture"})
"""What its page does not say elsewhere."""
_SKIPPED = frozenset({"version", "people"})
_LISTED = frozenset({"added", "removed", "before", "after"})


def timeline(*objects: str, actor: Actor, now: int, max_entries: int = MAX_ENTRIES) -> list[Event]:
    """The newest first, each with its entry for a reader of the audit log. objects: as entries name them, "agency:acme"; now: epoch
    ms. Four queries."""
    rows = list(Entry.objects.filter(object__in=objects).defer("head").order_by("-id")[:max_entries])
    names = EntryNames.of(rows)
    reads = guard.may(actor, "entries.see", now=now)
    return [
        Event(
            from_ms(row.at), describe(row.act, row.facts, names), names.who(row), row.reason, row.duty,
            reverse("entry", args=[row.pk]) if reads else "",
        )
        for row in rows
    ]  # fmt: skip


def describe(act: str, facts: dict[str, Any], names: EntryNames) -> str:
    """An entry as a line of text: "Changed: members added ann@city.example"."""
    if act == "agency.suspend":
        count = len(facts.get("people", ()))
        return f"Switched {'off' if facts.get('suspended') else 'on'}, with {count} {'person' if count == 1 else 'people'}"
    if act == "department.change" and "closed" in facts:
        return "Closed" if facts["closed"] else "Opened again"
    if act == "group.change" and facts.get("closed"):
        return "Closed"
    if act.startswith("violation."):
        facts = {name: value for name, value in facts.items() if name in _OF_A_VIOLATION}
    plain = {name.replace("_", " "): _value_text(name, value, names) for name, value in facts.items() if name not in _SKIPPED}
    parts = [f"{name} {value_text}" for name, value_text in plain.items() if value_text]
    first = WORDS.get(act) or words(act)
    return f"{first}: {'; '.join(parts)}" if parts else first


def _value_text(name: str, value: Any, names: EntryNames) -> str:
    """A fact in words: a list by its items; a change as before and after."""
    if isinstance(value, list) and len(value) == 2 and name not in _LISTED:
        before, after = (names.value(each) for each in value)
        return "" if before == after else f"{before or 'none'} to {after or 'none'}"
    return names.value(value)
