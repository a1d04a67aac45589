"""A caching, non-blocking DNS resolver.

- An answer is cached for its TTL (a minute to an hour; negative answers ten minutes at most), in bounded memory.
- Concurrent queries for one name share an answer.
- After three queries without an answer the root is queried. If that fails, too, our resolver is dead, and a circuit breaker
  stops queries for 30 seconds, so that mail does not wait again and again. A domain whose own servers hang cannot cause that.
- Names for examples and tests (RFC 6761, RFC 2606) do not exist, unless the settings name a resolver that may know better.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from civicmail.core.config.settings import Settings
from civicmail.mail.screening.resolver import NOTHING, Answer, Kind, TemporaryFailure, bounded, is_name
from civicmail.mail.screening.urls import registrable

SECONDS = 4.0
"""For one query, with retries."""
BREAK_SECONDS = 30.0
MAX_UNANSWERED = 3
"""Queries without an answer before the resolver is probed."""
HUNG = 2
"""Unanswered queries below one registrable domain, after which it is not queried for BREAK_SECONDS."""
_MAX_HUNG = 10_000
_ALIVE_SECONDS = 1.5
_MAX_QUERIES = 100
_MIN_TTL, _MAX_TTL, _MAX_NEGATIVE_TTL = 60, 3600, 600  # seconds that an answer is kept
_MEMORY = 16 << 20  # bytes of what is remembered, about
_ENTRY = 300  # bytes that one costs besides its text
_SPECIAL = ("example", "test", "invalid", "localhost", "onion", "local", "alt")
_DEAD = "our resolver does not answer"
_PORT = 53


class Nameserver:
    """A Resolver for one event loop. servers: from screening.resolver; none: the system's."""

    def __init__(self, servers: Sequence[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._servers = list(servers)
        self._clock = monotonic
        self._resolver: dns.asyncresolver.Resolver | None = None
        self._kept: OrderedDict[tuple[str, Kind], tuple[float, int, Answer]] = OrderedDict()
        self._size = 0
        self._pending: dict[tuple[str, Kind], asyncio.Task[Answer]] = {}
        self._slots = asyncio.Semaphore(_MAX_QUERIES)
        self._silent = 0
        self._broken_until = 0.0
        self._hung: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def ask(self, name: str, kind: Kind) -> Answer:
        name = name.lower().rstrip(".")
        if not is_name(name) or (not self._servers and is_special(name)):
            return NOTHING
        key = (name, kind)
        now = self._clock()
        if (kept := self._kept.get(key)) is not None and kept[0] > now:
            self._kept.move_to_end(key)
            return kept[2]
        if now < self._broken_until:
            raise TemporaryFailure(_DEAD, ours=True)
        hung, until = self._hung.get(_zone(name), (0, 0.0))
        if hung >= HUNG and now < until:
            raise TemporaryFailure("its name servers do not answer")
        task = self._pending.get(key)
        if task is None:
            task = self._pending[key] = asyncio.get_running_loop().create_task(self._query(key))
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)  # whoever gives up does not take the answer from the others

    def _done(self, key: tuple[str, Kind], task: asyncio.Task[Answer]) -> None:
        self._pending.pop(key, None)
        if not task.cancelled():
            task.exception()  # told to whoever still waits; nobody else has to hear of it

    async def _query(self, key: tuple[str, Kind]) -> Answer:
        async with self._slots:
            try:
                answer, seconds = await self._question(*key)
            except dns.resolver.NoResolverConfiguration:
                raise self._break() from None
            except (dns.exception.Timeout, OSError):
                self._note_hung(_zone(key[0]))
                raise await self._unanswered() from None
            except dns.resolver.NoNameservers:  # they answered, and said that it does not work (SERVFAIL, REFUSED)
                self._silent = 0
                raise TemporaryFailure("its name servers fail") from None
            except dns.exception.DNSException:
                raise TemporaryFailure("its answer cannot be read") from None
        self._silent = 0
        self._remember(key, answer, seconds)
        return answer

    async def _question(self, name: str, kind: Kind) -> tuple[Answer, float]:
        resolver = self._opened()
        query_name = dns.name.Name([*(label.encode() for label in name.split(".")), b""])  # as it is: a backslash escapes nothing
        try:
            got = await resolver.resolve(query_name, kind, lifetime=SECONDS, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return NOTHING, _MAX_NEGATIVE_TTL
        if got.rrset is None:
            return Answer(), min(_MAX_NEGATIVE_TTL, max(_MIN_TTL, got.expiration - time.time()))
        values = [_text(kind, record) for record in got.rrset]
        return bounded(values), min(_MAX_TTL, max(_MIN_TTL, got.rrset.ttl))

    def _opened(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = [_server(one) for one in self._servers]
            resolver.use_edns(0, 0, 1232)  # answers that fit no packet come by TCP (DNS flag day 2020)
            self._resolver = resolver
        return self._resolver

    def _note_hung(self, zone: str) -> None:
        now = self._clock()
        count, until = self._hung.pop(zone, (0, 0.0))
        self._hung[zone] = (count + 1 if now < until else 1, now + BREAK_SECONDS)
        if len(self._hung) > _MAX_HUNG:
            self._hung.popitem(last=False)

    async def _unanswered(self) -> TemporaryFailure:
        """The error for a query without an answer; probe the resolver when there were several."""
        self._silent += 1
        if self._silent < MAX_UNANSWERED or await self._is_alive():
            return TemporaryFailure("no answer in time")
        return self._break()

    async def _is_alive(self) -> bool:
        try:
            await self._opened().resolve(dns.name.root, "NS", lifetime=_ALIVE_SECONDS, raise_on_no_answer=False, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoNameservers):
            pass
        except (dns.exception.DNSException, OSError):
            return False
        self._silent = 0
        return True

    def _break(self) -> TemporaryFailure:
        self._broken_until = self._clock() + BREAK_SECONDS
        self._silent = MAX_UNANSWERED - 1  # one more without an answer breaks again
        self._resolver = None  # the system's servers may have changed by then
        return TemporaryFailure(_DEAD, ours=True)

    def _remember(self, key: tuple[str, Kind], answer: Answer, seconds: float) -> None:
        size = _ENTRY + len(key[0]) + sum(map(len, answer.values))
        if (old := self._kept.pop(key, None)) is not None:
            self._size -= old[1]
        self._kept[key] = (self._clock() + seconds, size, answer)
        self._size += size
        while self._size > _MEMORY:
            _, (_, gone, _) = self._kept.popitem(last=False)
            self._size -= gone


def _zone(name: str) -> str:
    """The zone whose servers a name depends on; each reverse address by itself, because they have many owners."""
    return name if name.endswith(".arpa") else registrable(name)


def is_special(name: str) -> bool:
    """Whether a name is for examples, tests or one machine."""
    return name.rpartition(".")[2] in _SPECIAL


def open_(settings: Settings, _data: object = None) -> Nameserver:
    """The resolver of the settings; opens nothing yet."""
    return Nameserver(settings.screening.resolver)


def _server(text: str) -> dns.nameserver.Nameserver:
    """192.0.2.53, 192.0.2.53:5353, 2001:db8::53 or [2001:db8::53]:5353."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") > 1:
        host, port = text, ""
    else:
        host, _, port = text.partition(":")
    return dns.nameserver.Do53Nameserver(host, int(port) if port else _PORT)


def _text(kind: Kind, record: Any) -> str:
    """A record as a value of an Answer."""
    if kind == "TXT":
        return b"".join(record.strings).decode("latin-1")
    if kind == "MX":
        return f"{record.preference} {record.exchange.to_text(True).lower()}"
    if kind == "PTR":
        return str(record.target.to_text(True)).lower()
    return str(record.address)
