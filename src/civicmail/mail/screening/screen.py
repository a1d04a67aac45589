"""What is in a message, as far as it can be found out in time: one reading in a limited process, then the checks that ask other
programs side by side, then those that put it all together (package docstring).

Whatever fails, hangs or is not there is an answer of its own: the check is unavailable, and rules follow the fail matrix. Nothing
that a check does ends the message's way, and nothing waits longer than settings.screening.seconds.
"""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from civicmail.city.access.snapshot import Snapshot
from civicmail.city.policy.dispositions import UNAVAILABLE, Facts, Finding
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.screening import joint, outer, turns
from civicmail.mail.screening.asked import asked
from civicmail.mail.screening.chosen import JointCheck, OuterCheck, is_on
from civicmail.mail.screening.gathering import COSTS, Gathered, failed, unavailable_all
from civicmail.mail.screening.limited import READ_MOST, Readers
from civicmail.mail.screening.origin import origin
from civicmail.mail.screening.shapes import Joint, Outer, Seen
from civicmail.mail.screening.world import World

log = get_logger()

OUTSIDE = frozenset({"mx", "lmtp"})
"""Kinds of doors that strangers' mail comes by."""
READ, AUTHENTICATION = "read", "authentication"
CPU_SHARE = 4
"""Of the seconds that a message has, every fourth may be spent by the processor on reading it."""


@dataclass(frozen=True, slots=True)
class Screened:
    """recipients: facts of single recipients, by address in lower case."""

    findings: tuple[Finding, ...] = ()
    facts: Facts = field(default_factory=dict)
    recipients: Mapping[str, Facts] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)

    @property
    def unavailable(self) -> tuple[str, ...]:
        """The checks that could not be made."""
        names = self.facts.get(UNAVAILABLE, ())
        return names if isinstance(names, tuple) else ()


NOT_SCREENED = Screened()


def is_inbound(source: str, envelope: Envelope) -> bool:
    """From outside: by a door that strangers use, and nobody has signed in."""
    return source in OUTSIDE and not envelope.login


def readers_for(settings: Settings, *, patient: bool = False) -> Readers:
    """The limited processes of a Screener. patient: as there."""
    most = max(READ_MOST, settings.gateway.max_message) if patient else READ_MOST
    return Readers(settings.screening.processes, max(1, _seconds(settings, patient=patient) // CPU_SHARE), most)


def _seconds(settings: Settings, *, patient: bool) -> int:
    return settings.screening.seconds * (CPU_SHARE if patient else 1)


class Screener:
    """For one event loop. clock: ms since 1970. patient: for whoever has nobody waiting: reads messages whole, with more time.
    readers: where others need them, too, who close them."""

    def __init__(
        self, settings: Settings, data: Path, clock: Callable[[], int], *, patient: bool = False, readers: Readers | None = None
    ) -> None:
        screening = settings.screening
        self._settings = settings
        self._clock = clock
        self._seconds = _seconds(settings, patient=patient)
        self._lent = readers is not None
        self._readers = readers or readers_for(settings, patient=patient)
        self._outer = tuple(check for name, check in outer.CHECKS if is_on(name, screening))
        self._joint = tuple(check for name, check in joint.CHECKS if is_on(name, screening))
        lasting: list[Any] = [*self._outer, *self._joint]
        self._tools = {check.NAME: tool for check in lasting if (tool := _opened(check, settings, data)) is not None}

    def warm(self) -> None:
        """Start what takes a second to start; returns at once."""
        self._readers.warm()

    def close(self) -> None:
        if not self._lent:
            self._readers.close()

    async def screen(
        self,
        content: bytes | mmap.mmap,
        envelope: Envelope,
        source: str,
        snapshot: Snapshot | None = None,
        *,
        spared: Collection[str] = (),
    ) -> Screened:
        """source: kind of door; spared: checks that are not made of mail from outside. Never raises for what a message or another
        program does."""
        found = Gathered()
        world = World(self._settings, self._clock(), snapshot, self._tools)
        inbound = is_inbound(source, envelope)
        until = asyncio.get_running_loop().time() + self._seconds
        without = spared if inbound else ()
        seen = await self._read(content, envelope, source, inbound=inbound, until=until, found=found, without=without)
        if self._outer:
            case = Outer(content, seen or Seen(), envelope, source, inbound, world)  # type: ignore[arg-type]
            await self._ask([check for check in self._outer if _is_wanted(check, case)], case, until, found)
        together = Joint(
            seen or Seen(), envelope, source, inbound, world, found.facts, found.more
        )  # which grow from check to check
        for check in self._joint:
            if seen is None:
                found.add(failed(check, "unread"))
            else:
                self._join(check, together, found)
        return Screened((*found.findings, found.made()), found.facts, found.recipients, seen or Seen())

    async def _read(
        self,
        content: bytes | mmap.mmap,
        envelope: Envelope,
        source: str,
        *,
        inbound: bool,
        until: float,
        found: Gathered,
        without: Collection[str],
    ) -> Seen | None:
        ask = asked(self._settings, envelope, source, inbound=inbound, size=len(content))
        ask["checks"] = [check for check in ask["checks"] if check not in without]
        for check in self._joint:
            if (wants := getattr(check, "asks", None)) is not None:
                ask |= wants(self._tools.get(check.NAME))
        began = perf_counter_ns()
        try:
            async with asyncio.timeout_at(until):
                seen = await self._readers.read(content, ask, turns.who(envelope, origin(envelope, self._settings).client))
        except (Unreadable, TimeoutError) as error:
            why = error.why if isinstance(error, Unreadable) else "timeout"
            names = [name for name in self._settings.screening.checks if name != AUTHENTICATION]
            found.add(unavailable_all((READ, *names), why), READ, 1, _since(began))
            return None
        found.findings += seen.findings
        found.facts.update(seen.facts)
        found.more.update({check: more for check, more in seen.more.items() if check != COSTS})
        found.costs.update({check: list(cost) for check, cost in seen.more.get(COSTS, {}).items()})
        return seen

    async def _ask(self, checks: Sequence[OuterCheck], case: Outer, until: float, found: Gathered) -> None:
        if len(checks) == 1:  # nothing beside it: no task
            answers = [await self._one(checks[0], case, until)]
        else:
            answers = await asyncio.gather(*(self._one(check, case, until) for check in checks))
        for check, (answer, cost) in zip(checks, answers, strict=True):
            found.add(answer, check.NAME, check.VERSION, cost)

    async def _one(self, check: OuterCheck, case: Outer, until: float) -> tuple[Any, int]:
        loop, began = asyncio.get_running_loop(), perf_counter_ns()
        budget = getattr(check, "SECONDS", None)
        end = until if budget is None else min(until, loop.time() + budget)
        try:
            async with asyncio.timeout_at(end):
                answer = await check.find(case)
        except TimeoutError:
            answer = failed(check, "timeout")
        except Exception as error:
            log.error("a check failed", check=check.NAME, exc_info=error)
            answer = failed(check, "error")
        return answer, _since(began)

    def _join(self, check: JointCheck, case: Joint, found: Gathered) -> None:
        began = perf_counter_ns()
        try:
            answer = check.find(case)
        except Exception as error:
            log.error("a check failed", check=check.NAME, exc_info=error)
            answer = failed(check, "error")
        found.add(answer, check.NAME, check.VERSION, _since(began))


def _opened(check: Any, settings: Settings, data: Path) -> Any:
    """What the check has open for as long as we run; None where it needs nothing, or cannot have it: then it fails when asked."""
    if not hasattr(check, "open_"):
        return None
    try:
        return check.open_(settings, data)
    except Exception as error:
        log.error("a check cannot be made", check=check.NAME, exc_info=error)
        return None


def _is_wanted(check: OuterCheck, case: Outer) -> bool:
    wants = getattr(check, "wants", None)
    return wants is None or bool(wants(case))


def _since(began: int) -> int:
    return (perf_counter_ns() - began) // 1000
