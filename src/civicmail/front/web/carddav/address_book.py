"""All contact cards, rebuilt when the directory changes, and once a minute."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from civicmail.desk.mailbox.models import addressbook
from civicmail.front.web.carddav.cards import Card, made

KEPT = 60.0
"""Seconds for which cards are cached."""


@dataclass(frozen=True, slots=True)
class Book:
    """cards: by uid; tag: another one whenever a card is."""

    cards: dict[str, Card]
    tag: str


_lock = threading.Lock()
_last: tuple[tuple[str, int], float, Book] | None = None


def of(folder: str, version: int, city: str) -> Book:
    """The book. folder, version: of the snapshot that doors go by."""
    global _last
    with _lock:
        key, now = (folder, version), time.monotonic()
        if _last is None or _last[0] != key or now - _last[1] > KEPT:
            _last = key, now, _read(city)
        return _last[2]


def _read(city: str) -> Book:
    cards = {card.uid: card for card in (made(entry, city) for entry in addressbook.all_entries())}
    tag = hashlib.sha256("".join(f"{uid}{cards[uid].etag}" for uid in sorted(cards)).encode()).hexdigest()[:32]
    return Book(cards, tag)
