"""Look up the DNS records of our domains in the background. Without Django.

A page waits at most a second and a half and shows the answers known by then. An answer is cached for a minute.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from civicmail.city.pages.states import labels
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.mail.courier import dkimkeys, publishedkeys
from civicmail.mail.courier.dkimkeys import Key
from civicmail.mail.screening import nameserver, published_records, stspolicy
from civicmail.mail.screening.published_records import RecordCheck

STATES = labels("good", "weak", "missing", "wrong", "unknown", waits="pending")
"""State of a record."""
LOOKUP_SECONDS = 8.0
"""Seconds for all queries of one round."""
PAGE_WAIT = 1.5
"""Seconds that a page waits."""
KEEP_SECONDS = 60.0
_LATE = "it has not answered yet"


@dataclass(slots=True)
class Round:
    """Each record once. asked: the records, in the order of the page; found: by place, what is known; ended: when."""

    expected: dict[int, RecordCheck]
    keys: tuple[Key, ...]
    answers: dict[int, RecordCheck] = field(default_factory=dict)
    ended: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)

    def looks(self) -> list[RecordCheck]:
        return [self.answers.get(place, late) for place, late in self.expected.items()]


@dataclass(slots=True)
class Zones:
    """Of one installation. Safe for any number of threads."""

    data: Path
    settings: Settings
    clock: Callable[[], int] = now_ms
    monotonic: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _round: Round | None = None

    def looks(self, wait: float = PAGE_WAIT) -> list[RecordCheck]:
        """What is known within this many seconds; the rest is unknown. Raises KeysDamaged."""
        keys = tuple(publishedkeys.of_interest(dkimkeys.listed(self.data), self.clock()))
        with self._lock:
            current = self._round
            if (
                current is None
                or current.keys != keys
                or (current.done.is_set() and self.monotonic() - current.ended > KEEP_SECONDS)
            ):
                current = self._round = self._begun(keys)
        current.done.wait(wait)
        return [*current.looks(), *publishedkeys.unsigned(published_records.to_ask(self.settings)[0], keys)]

    def _begun(self, keys: tuple[Key, ...]) -> Round:
        resolver, policy = nameserver.open_(self.settings), stspolicy.id_(self.settings)
        now = self.clock()
        expected: dict[int, RecordCheck] = {}
        asking: list[Coroutine[Any, Any, RecordCheck]] = []
        for domain in published_records.to_ask(self.settings)[0]:
            for record in published_records.RECORDS:
                expected[len(expected)] = published_records.unknown(record, domain, _LATE)
                asking.append(published_records.check_record(resolver, record, domain, policy))
        for key in keys:
            expected[len(expected)] = publishedkeys.unknown(key, _LATE)
            asking.append(publishedkeys.check_key(resolver, key, now))
        made = Round(expected, keys)
        threading.Thread(target=self._ask, args=(made, asking), name="zones", daemon=True).start()
        return made

    def _ask(self, made: Round, asking: list[Coroutine[Any, Any, RecordCheck]]) -> None:
        async def one(place: int, question: Coroutine[Any, Any, RecordCheck]) -> None:
            made.answers[place] = await question

        async def every() -> None:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await asyncio.gather(*(one(place, question) for place, question in enumerate(asking)))

        try:
            asyncio.run(every())
        except TimeoutError:
            pass  # what is not found is said to be unknown
        finally:
            made.ended = self.monotonic()
            made.done.set()


_known: dict[Path, Zones] = {}


def zones(data: Path, settings: Settings) -> Zones:
    """The one of this data folder."""
    cached = _known.get(data)
    if cached is None or cached.settings is not settings:
        cached = _known[data] = Zones(data, settings)
    return cached
