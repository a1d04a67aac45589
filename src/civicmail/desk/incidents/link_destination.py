"""The destination of a link in a delivered copy, and what is known about it now (P-31). Pure.

It sends no network queries: they would reveal to others what people of the city read, and the page would fail when others do. It
uses the rules in force, the city's own incidents, and the appearance of the name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from civicmail.city.policy.dispositions import FactValue
from civicmail.city.policy.engine import decide
from civicmail.city.policy.rules import RuleSet
from civicmail.core.message import links
from civicmail.mail.screening import indicators, urls
from civicmail.mail.screening.lookalikes import Protected, find_likeness
from civicmail.mail.screening.skeleton import shown

Verdict = Literal["stop", "warn", "quiet"]
Why = Literal["case", "host", "rule", "looks", "pretends", "address", "user", "foreign", "plain"]

_NAMES = frozenset({"links.hosts", "links.places"})
_KEEPS = frozenset({"quarantine", "refuse", "hold"})


@dataclass(frozen=True, slots=True)
class KnownIncidents:
    """What the city knows about the message itself, or the host together with its sender (case), or the host alone (host)."""

    case: bool = False
    host: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """url: safe to follow, "" if it leads nowhere; host: in ASCII, shown in large letters, because other alphabets can imitate
    any name; reads: as programs may show it; why: each reason with the name it concerns; unasked: whether a check was
    unavailable."""

    url: str
    host: str
    reads: str
    why: tuple[tuple[Why, str], ...] = ()
    unasked: bool = False

    @property
    def verdict(self) -> Verdict:
        reasons = {reason for reason, _ in self.why}
        if reasons & {"case", "rule"}:
            return "stop"
        return "warn" if reasons else "quiet"


@dataclass(frozen=True, slots=True)
class LinkContext:
    """protected: names that others pretend to be; book: rules in force, None where they cannot be read; now: ms."""

    protected: Protected
    book: RuleSet | None
    now: int
    recipient: Mapping[str, FactValue] = field(default_factory=dict)


def destination(url: str, pretended: str, context: LinkContext, known: KnownIncidents | None) -> Destination:
    """Judge a link. known: None if the city's incidents were unavailable. pretended: the host that the link's text shows."""
    target = links.real(url)
    host = target.host
    place_ = Destination(target.url, host, shown(host))
    why = [*_of_incidents(known), *_of_rules(url, host, context)]
    place = urls.read(url)
    if pretended:
        why.append(("pretends", pretended))
    if (likeness := find_likeness(host, context.protected)) is not None:
        why.append(("looks", likeness.of))
    if place is not None and place.is_address:
        why.append(("address", ""))
    if place is not None and place.user:
        why.append(("user", ""))
    if host != place_.reads:
        why.append(("foreign", place_.reads))
    if target.scheme == "http":
        why.append(("plain", ""))
    return replace(place_, why=tuple(why), unasked=known is None or context.book is None or bool(context.book.error))


def _of_incidents(known: KnownIncidents | None) -> Sequence[tuple[Why, str]]:
    if known is None:
        return ()
    return [("case", "")] if known.case else [("host", "")] if known.host else []


def _of_rules(url: str, host: str, context: LinkContext) -> Sequence[tuple[Why, str]]:
    """By the rules that name hosts or places: lists of the city, and emergencies that came after the message did."""
    if context.book is None:
        return ()
    naming = replace(context.book, rules=tuple(rule for rule in context.book.rules if rule.condition.names & _NAMES))
    place = indicators.target_digest(url)
    message: dict[str, FactValue] = {"inbound": True, "links.count": 1, "links.hosts": (host,)}
    message["links.places"] = (place,) if place else ()
    (decision,) = decide(replace(naming, error=""), message, [context.recipient], context.now)
    return [("rule", decision.clause)] if decision.do in _KEEPS else []
