"""Where the bands begin, by how many of the city's own good messages would lie above. Pure.

Scores are those that good messages had before anybody said that they are good, so they are as high as those of tomorrow's. Good
messages of one person count once: whoever calls spam good again and again moves no edge for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from civicmail.mail.screening.model import Edges

WINDOW = 30 * 86_400_000
"""ms of good mail that edges are taken from."""
MIN_MESSAGES = 2_000
"""Messages that are looked at although they are older."""
SPAM_SHARE = 0.001
UNSURE_SHARE = 0.01
MARGIN = 0.4
"""Log-odds that are added to the edge of spam: tomorrow's mail is a little unlike yesterday's."""
MIN_UNSURE, MIN_SPAM, MIN_SPAM_OF_FEW = 0.0, 0.5, 1.0
"""However low all good mail lies: what is more likely good than not is never in doubt, and what is hardly spam is not called so.
Where fewer than a thousand good messages were measured nobody has seen the one in a thousand, and more has to speak for spam."""


class Good(NamedTuple):
    """A good message: when it was called good (ms), by whom, its log-odds before. by: "" where each message counts by itself."""

    at: int
    by: str
    odds: float


def edges(good: Sequence[Good], now: int) -> Edges | None:
    """None without any."""
    since = now - WINDOW
    newest = sorted(good, key=lambda g: -g.at)
    used = [g for n, g in enumerate(newest) if n < MIN_MESSAGES or g.at > since]
    if not used:
        return None
    used.sort(key=lambda g: -g.odds)
    least = MIN_SPAM if len(used) * SPAM_SHARE >= 1 else MIN_SPAM_OF_FEW
    spam = max(_edge(used, SPAM_SHARE) + MARGIN, least)
    return Edges(min(max(_edge(used, UNSURE_SHARE), MIN_UNSURE), spam), spam)


def _edge(falling: Sequence[Good], share: float) -> float:
    """The lowest score above which lie good messages of no more people than this share of all messages, one at least."""
    most = max(1, int(share * len(falling)))
    people: set[str] = set()
    alone = 0
    for message in falling:
        if message.by:
            people.add(message.by)
        else:
            alone += 1
        if len(people) + alone > most:
            return message.odds
    return falling[-1].odds
