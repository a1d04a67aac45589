"""What became of a message, in a few sentences that can be read aloud on the telephone (P-17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages import wording
from civicmail.front.web.formatting import clock, local_time, span
from civicmail.mail.archive.envelopes import MessageTrace, Passage, State


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence. strong: its beginning, which says the most."""

    strong: str
    text: str


@dataclass(frozen=True, slots=True)
class Awaited:
    """Whose decision the held copies wait for, and until when."""

    who: str
    until: datetime


def summary(traced: MessageTrace, now: datetime, awaited: Awaited | None = None) -> list[Part]:
    """One sentence for each outcome, the best first. awaited: of copies that wait for a decision about their files."""
    if not traced.passages:
        return [Part("Archived.", "Its envelope names no recipient.")]
    parts = []
    for states, verb in _OUTCOMES.items():
        if copies := [p for p in traced.passages if p.state in states]:
            strong = f"{verb} {_who(copies, len(traced.passages))}"
            parts.append(Part(strong, _what(traced, copies, now, awaited)))
    return parts


def moment(at: int, now: datetime, preposition: str = "") -> str:
    """A time in a sentence: today at 9:14 a.m.; Monday, Nov 30, at 9:14 a.m. at: epoch ms; preposition: before a weekday."""
    local = local_time(from_ms(at))
    if local.date() == local_time(now).date():
        return f"today at {clock(local)}"
    day = wording.short_day(local) if local.year == local_time(now).year else wording.day(local)
    return f"{preposition}{local:%A}, {day}, at {clock(local)}"


def _who(copies: list[Passage], count: int) -> str:
    if len(copies) < count:
        return f"{len(copies):,} of {count:,} recipients"
    return copies[0].address if count == 1 else f"all {count:,} recipients"


def _what(traced: MessageTrace, copies: list[Passage], now: datetime, awaited: Awaited | None) -> str:
    """The rest of the sentence: when, why, and what comes next."""
    last, state = max(p.since for p in copies), copies[0].state
    at, since = moment(last, now, "on "), moment(last, now)
    reply = next((f" The answer was “{p.reply}”." for p in copies if p.reply), "")
    if state == "delivered":
        seconds = (last - traced.received) / 1000
        after = "less than a second" if seconds < 1 else span(seconds)
        return f"{'with a warning ' if any(p.do == 'mark' for p in copies) else ''}{at}, {after} after it arrived."
    if state in ("waiting", "trying", "deferred"):
        due = [p.next for p in copies if p.next]
        return (f"until {moment(min(due), now)}, when it is tried again." if due else f"since {since}.") + reply
    if state == "held" and awaited is not None:
        until = local_time(awaited.until)
        return f"since {since}: {awaited.who} decides by {until:%A}, {wording.short_day(until)}, {clock(until)}."
    if state == "held":
        rules = list(dict.fromkeys(rule for p in copies for rule in p.rules if rule != p.do))
        return (
            f"since {since} by {' and '.join(rules)}, until somebody decides."
            if rules
            else f"since {since}, until somebody decides."
        )
    return f"{at}.{reply}"


_OUTCOMES = {
    frozenset[State]({"delivered"}): "Delivered to",
    frozenset[State]({"waiting", "trying", "deferred"}): "Waiting for",
    frozenset[State]({"held"}): "Held for",
    frozenset[State]({"failed"}): "Not delivered to",
    frozenset[State]({"refused"}): "Rejected for",
    frozenset[State]({"cancelled"}): "Canceled for",
    frozenset[State]({"kept"}): "Archived for",
}
