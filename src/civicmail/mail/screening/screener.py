"""Screen one message within a time limit: read it once in a sandboxed process, run the network checks concurrently, then the
combined checks (package docstring).

Failures and timeouts are results, too: the check is unavailable, and rules follow the failure policy. No check can stop a message,
and nothing waits longer than settings.screening.seconds.
"""

from __future__ import annotations

import asyncio
import mmap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from msgspec.structs import replace

from civicmail.city.policy.dispositions import UNAVAILABLE, Facts, Finding
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.screening import combined_checks, fair_queue, network_checks
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.confidential import exact_match
from civicmail.mail.screening.enabled_checks import CombinedCheck, NetworkCheck, is_on
from civicmail.mail.screening.merged_results import COSTS, MergedResults, all_unavailable, failed_result
from civicmail.mail.screening.origin import origin
from civicmail.mail.screening.reader_pool import MAX_READ, Readers
from civicmail.mail.screening.reader_request import request_of
from civicmail.mail.screening.shapes import CombinedCase, ExtractedMessage, NetworkCase

log = get_logger()

OUTSIDE = frozenset({"mx", "lmtp"})
"""Kinds of listeners for mail from outside."""
READ, AUTHENTICATION = "read", "authentication"
CPU_SHARE = 4
"""Reading a message may use a quarter of its time as processor time."""


@dataclass(frozen=True, slots=True)
class Screened:
    """recipients: facts of single recipients, by lower-case address."""

    findings: tuple[Finding, ...] = ()
    facts: Facts = field(default_factory=dict)
    recipients: Mapping[str, Facts] = field(default_factory=dict)
    message: ExtractedMessage = field(default_factory=ExtractedMessage)

    @property
    def unavailable(self) -> tuple[str, ...]:
        """The checks that could not run."""
        names = self.facts.get(UNAVAILABLE, ())
        return names if isinstance(names, tuple) else ()


NOT_SCREENED = Screened()


def is_inbound(source: str, envelope: Envelope) -> bool:
    """Whether mail is from outside: through a listener open to strangers, without sign-in."""
    return source in OUTSIDE and not envelope.login


def readers_for(settings: Settings, *, patient: bool = False) -> Readers:
    """The sandboxed processes of a Screener. patient: as there."""
    most = max(MAX_READ, settings.gateway.max_message) if patient else MAX_READ
    return Readers(settings.screening.processes, max(1, _seconds(settings, patient=patient) // CPU_SHARE), most)


def _seconds(settings: Settings, *, patient: bool) -> int:
    return settings.screening.seconds * (CPU_SHARE if patient else 1)


class Screener:
    """Screens messages on one event loop. clock: epoch ms. patient: nobody waits, so read messages whole, with more time. readers:
    shared with others, who close them."""

    def __init__(
        self, settings: Settings, data: Path, clock: Callable[[], int], *, patient: bool = False, readers: Readers | None = None
    ) -> None:
        screening = settings.screening
        self._settings = settings
        self._clock = clock
        self._seconds = _seconds(settings, patient=patient)
        self._lent = readers is not None
        self._readers = readers or readers_for(settings, patient=patient)
        self._outer = tuple(check for name, check in network_checks.CHECKS if is_on(name, screening))
        self._joint = tuple(check for name, check in combined_checks.CHECKS if is_on(name, screening))
        lasting: list[Any] = [*self._outer, *self._joint]
        self._tools = {check.NAME: tool for check in lasting if (tool := _open_tool(check, settings, data)) is not None}

    def warm(self) -> None:
        """Start the processes; returns at once."""
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
        """source: kind of listener; spared: checks to skip for mail from outside. Never raises because of a message or another
        program."""
        gathered = MergedResults()
        world = CheckContext(self._settings, self._clock(), snapshot, self._tools)
        inbound = is_inbound(source, envelope)
        until = asyncio.get_running_loop().time() + self._seconds
        without = spared if inbound else ()
        seen = await self._read(content, envelope, source, inbound=inbound, until=until, gathered=gathered, without=without)
        if self._outer:
            case = NetworkCase(content, seen or ExtractedMessage(), envelope, source, inbound, world)  # type: ignore[arg-type]
            await self._run_network_checks([check for check in self._outer if _is_needed(check, case)], case, until, gathered)
        together = CombinedCase(
            seen or ExtractedMessage(), envelope, source, inbound, world, gathered.facts, gathered.more
        )  # which grow from check to check
        for check in self._joint:
            if seen is None:
                gathered.add(failed_result(check, "unread"))
            else:
                self._run_combined_check(check, together, gathered)
        return Screened((*gathered.findings, gathered.summary()), gathered.facts, gathered.recipients, seen or ExtractedMessage())

    async def _read(
        self,
        content: bytes | mmap.mmap,
        envelope: Envelope,
        source: str,
        *,
        inbound: bool,
        until: float,
        gathered: MergedResults,
        without: Collection[str],
    ) -> ExtractedMessage | None:
        request = request_of(self._settings, envelope, source, inbound=inbound, size=len(content))
        checks = tuple([check for check in request.checks if check not in without])
        request = replace(request, checks=checks, lists=exact_match.has_lists(self._tools.get(exact_match.NAME)))
        began = perf_counter_ns()
        try:
            async with asyncio.timeout_at(until):
                seen = await self._readers.read(
                    content, request, fair_queue.client_key(envelope, origin(envelope, self._settings).client)
                )
        except (Unreadable, TimeoutError) as error:
            why = error.why if isinstance(error, Unreadable) else "timeout"
            names = [name for name in self._settings.screening.checks if name != AUTHENTICATION]
            gathered.add(all_unavailable((READ, *names), why), READ, 1, _microseconds_since(began))
            return None
        gathered.findings += seen.findings
        gathered.facts.update(seen.facts)
        gathered.more.update({check: more for check, more in seen.more.items() if check != COSTS})
        gathered.costs.update({check: list(cost) for check, cost in seen.more.get(COSTS, {}).items()})
        return seen

    async def _run_network_checks(
        self, checks: Sequence[NetworkCheck], case: NetworkCase, until: float, gathered: MergedResults
    ) -> None:
        if len(checks) == 1:  # nothing beside it: no task
            answers = [await self._one(checks[0], case, until)]
        else:
            answers = await asyncio.gather(*(self._one(check, case, until) for check in checks))
        for check, (answer, cost) in zip(checks, answers, strict=True):
            gathered.add(answer, check.NAME, check.VERSION, cost)

    async def _one(self, check: NetworkCheck, case: NetworkCase, until: float) -> tuple[Any, int]:
        loop, began = asyncio.get_running_loop(), perf_counter_ns()
        budget = getattr(check, "SECONDS", None)
        end = until if budget is None else min(until, loop.time() + budget)
        try:
            async with asyncio.timeout_at(end):
                answer = await check.find(case)
        except TimeoutError:
            answer = failed_result(check, "timeout")
        except Exception as error:
            log.error("a check failed", check=check.NAME, exc_info=error)
            answer = failed_result(check, "error")
        return answer, _microseconds_since(began)

    def _run_combined_check(self, check: CombinedCheck, case: CombinedCase, gathered: MergedResults) -> None:
        began = perf_counter_ns()
        try:
            answer = check.find(case)
        except Exception as error:
            log.error("a check failed", check=check.NAME, exc_info=error)
            answer = failed_result(check, "error")
        gathered.add(answer, check.NAME, check.VERSION, _microseconds_since(began))


def _open_tool(check: Any, settings: Settings, data: Path) -> Any:
    """What the check keeps open; None if it needs nothing or could not open it: then the check fails."""
    if not hasattr(check, "open_"):
        return None
    try:
        return check.open_(settings, data)
    except Exception as error:
        log.error("a check cannot be made", check=check.NAME, exc_info=error)
        return None


def _is_needed(check: NetworkCheck, case: NetworkCase) -> bool:
    wants = getattr(check, "wants", None)
    return wants is None or bool(wants(case))


def _microseconds_since(began: int) -> int:
    return (perf_counter_ns() - began) // 1000
