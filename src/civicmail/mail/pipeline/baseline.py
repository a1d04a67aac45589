"""The sending baseline of one account, and anomalies of the current hour (P-25, P-29: a compromised account). Pure.

    baseline.add(message)                    count a message that was sent or held
    baseline.anomaly(message, budget)        the anomaly of another message, before it is counted; "" for none

Counts cover the last hour; the baseline is the maximum of each of the last DAYS days. An account without history has the limits of
the settings, so that a new account that is stolen at once is covered. Nothing here holds words of a message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from civicmail.core.config.settings import Containment

HOUR = 3_600_000
DAY = 24 * HOUR
DAYS = 28
TOGETHER = 600_000
"""Milliseconds within which two networks count as simultaneous."""
KNOWN_AFTER = 12 * HOUR
"""Milliseconds after which an hour of the day, or a network, is familiar: longer than one attack."""
KNOWS_NIGHTS = 10
"""Days with sent mail needed before hours without mail are known."""
STRANGE = 4
"""Factor by which limits are lower at unusual hours and from two networks at once."""
TWICE = 2
"""Multiple of the recent maximum that is still usual."""
MAX_DOMAINS, MAX_PLACES, MAX_WINDOW = 400, 24, 2000

Sign = Literal["", "outside", "inside", "domains", "same", "night", "places", "budget"]


@dataclass(frozen=True, slots=True)
class CountedMessage:
    """One counted message. at: epoch ms; outside: addresses, lower case; inside: number of inside recipients; place: the client's
    network, "" if unknown (pages); alike: keys of its text (repeat_keys.py); usual: whether its domains become known."""

    at: int
    outside: tuple[str, ...] = ()
    inside: int = 0
    place: str = ""
    alike: tuple[str, ...] = ()
    usual: bool = True


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits per hour for this sender. total: of a service, which has no other limit; 0 for people."""

    outside: int
    inside: int
    domains: int
    same: int
    total: int = 0


def budget_of(settings: Containment, service: str = "", allowed: int = 0) -> Budget:
    """service: its address; allowed: the limit that a security officer has set, 0 for none."""
    if service:
        most = max(allowed, settings.services.get(service, settings.service))
        return Budget(most, most, most, most, most)
    if allowed:
        return Budget(*(max(allowed, of) for of in (settings.outside, settings.inside, settings.domains, settings.same)))
    return Budget(settings.outside, settings.inside, settings.domains, settings.same)


@dataclass(slots=True)
class Baseline:
    """most: by day (days since 1970), the maximum outside and inside per hour; hours: when the sender first sent in each hour of
    the day (UTC; epoch ms, 0 for never); domains: written to before; places: networks with the time of first use, the latest
    last."""

    most: dict[int, tuple[int, int]] = field(default_factory=dict)
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    domains: dict[str, None] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    window: deque[CountedMessage] = field(default_factory=deque)

    def anomaly(self, message: CountedMessage, budget: Budget, *, since: int = 0) -> Sign:
        """since: epoch ms; earlier counts are ignored."""
        before = [w for w in self.window if message.at - HOUR < w.at and w.at > since]
        hour = [*before, message]
        outside, inside = len({a for w in hour for a in w.outside}), sum(w.inside for w in hour)
        if budget.total:
            return "budget" if sum(len(w.outside) + w.inside for w in hour) > budget.total else ""
        learnt = self._learnt(message.at)
        most, most_inside = max(budget.outside, TWICE * learnt[0]), max(budget.inside, TWICE * learnt[1])
        if outside > most:
            return "outside"
        if inside > most_inside:
            return "inside"
        if len({_domain(a) for w in hour for a in w.outside} - self.domains.keys()) > max(budget.domains, learnt[0]):
            return "domains"
        if message.alike and max(sum(key in w.alike for w in hour) for key in message.alike) > max(budget.same, max(learnt)):
            return "same"
        if outside * STRANGE > most and self._is_night(message.at):
            return "night"
        if self._in_two_places(message, before) and sum(len(w.outside) for w in hour if w.place == message.place) * STRANGE > most:
            return "places"
        return ""

    def add(self, message: CountedMessage, *, usual: bool = True) -> None:
        """Count a message. usual: whether to learn from it; held mail is not learned from."""
        while self.window and (self.window[0].at <= message.at - HOUR or len(self.window) >= MAX_WINDOW):
            self._learn_domains(self.window.popleft())
        self.window.append(message if usual else replace(message, usual=False))
        if not usual:
            return
        day, hour = message.at // DAY, message.at // HOUR % 24
        outside, inside = len({a for w in self.window for a in w.outside}), sum(w.inside for w in self.window)
        before = self.most.get(day, (0, 0))
        self.most[day] = max(before[0], outside), max(before[1], inside)
        for old in [d for d in self.most if d <= day - DAYS]:
            del self.most[old]
        self.hours[hour] = self.hours[hour] or message.at
        if message.place:
            self.places[message.place] = self.places.pop(message.place, message.at)
            while len(self.places) > MAX_PLACES:
                del self.places[next(iter(self.places))]

    def forget(self) -> None:
        """Forget the counts, without learning from them."""
        self.window.clear()

    def _learn_domains(self, message: CountedMessage) -> None:
        """Add domains when their hour is over: until then they are new. Those of held mail stay new."""
        for address in message.outside if message.usual else ():
            self.domains.pop(_domain(address), None)
            self.domains[_domain(address)] = None
        while len(self.domains) > MAX_DOMAINS:
            del self.domains[next(iter(self.domains))]

    def _learnt(self, at: int) -> tuple[int, int]:
        """The maximum per hour on earlier days; today does not raise today's limit."""
        days = [most for day, most in self.most.items() if at // DAY - DAYS <= day < at // DAY]
        return max((m[0] for m in days), default=0), max((m[1] for m in days), default=0)

    def _is_night(self, at: int) -> bool:
        """Whether the sender never sends at this hour or the adjacent ones; unknown with a short history."""
        hour = at // HOUR % 24
        known = sum(day < at // DAY for day in self.most) >= KNOWS_NIGHTS
        near = (self.hours[(hour + beside) % 24] for beside in (-1, 0, 1))
        return known and not any(0 < first < at - KNOWN_AFTER for first in near)

    def _in_two_places(self, message: CountedMessage, before: list[CountedMessage]) -> bool:
        """Whether the message comes from an unfamiliar network while another is in use."""
        if not message.place or self.places.get(message.place, message.at) < message.at - KNOWN_AFTER:
            return False
        return any(w.place and w.place != message.place and message.at - w.at < TOGETHER for w in before)

    def plain(self, since: int = 0) -> dict[str, Any]:
        """The values for the file, including current counts, so that a restarted process continues. since: epoch ms; older
        messages are only learned from."""
        while self.window and self.window[0].at <= since:
            self._learn_domains(self.window.popleft())
        most = {str(day): list(both) for day, both in self.most.items()}
        window = [[w.at, w.outside, w.inside, w.place, w.alike, w.usual] for w in self.window]
        return {"most": most, "hours": self.hours, "domains": list(self.domains), "places": self.places, "window": window}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Baseline:
        window = plain.get("window", ())  # older files have none
        return cls(
            {int(day): (both[0], both[1]) for day, both in plain["most"].items()},
            list(plain["hours"]),
            dict.fromkeys(plain["domains"]),
            dict(plain["places"]),
            deque(
                CountedMessage(at, tuple(out), inside, place, tuple(alike), usual)
                for at, out, inside, place, alike, usual in window
            ),
        )


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
