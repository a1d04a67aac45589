"""Set the edges of the spam bands by how many of the city's own good messages would score above. Pure.

Scores are those from before a message was called good, so they are as high as tomorrow's. Good messages of one person count once:
nobody moves the edge for others by calling spam good again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from civicmail.mail.screening.model import Edges

WINDOW = 30 * 86_400_000
"""Milliseconds of good mail that set the edges."""
MIN_MESSAGES = 2_000
"""The newest messages that count even if they are older."""
SPAM_SHARE = 0.001
UNSURE_SHARE = 0.01
MARGIN = 0.4
"""Log-odds added to the spam edge, because tomorrow's mail differs a little."""
MIN_UNSURE, MIN_SPAM, MIN_SPAM_OF_FEW = 0.0, 0.5, 1.0
"""Lower limits of the edges: mail that is more likely good is never in doubt, and weak evidence is not spam. With fewer than a
thousand good messages measured, the one in a thousand is unknown, and more evidence is needed."""


class Good(NamedTuple):
    """A good message: when it was labeled (epoch ms), by whom, and its log-odds before. by: "" if each message counts by itself."""

    at: int
    by: str
    odds: float


def edges(good: Sequence[Good], now: int) -> Edges | None:
    """The edges; None without good messages."""
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
    """The lowest score that at most this share of people's good messages exceeds; at least one does."""
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
