"""Screen again what could not be screened on arrival, as soon as its checks are available (promise 6).

Held copies are then decided; after ten minutes a person decides. Mail inside the city was delivered with a mark; it is screened
again for a day, and its record keeps the result. Each outcome is one DECIDED event, so that a crash loses nothing: what has no
such event is screened again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicmail.city.directory.modes import Modes
from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import Action, Disposition, plain_facts
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import DamagedFile
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.rescreening import RescreeningFollower
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.policy_decision import Settled, Verdict
from civicmail.mail.screening.screener import Screened

log = get_logger()

PATIENCE = 600_000
"""Milliseconds that a copy waits for a check; then a person decides."""
LOOKED_FOR = 86_400_000
"""Milliseconds for which mail delivered unchecked is screened again."""
FIRST_WAIT, MAX_WAIT = 2_000, 60_000
CAPTURES_PER_STEP = 20
CONCURRENT = 4
"""Bodies in memory."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A capture to screen again. pending: copies that wait for it; delivered: those delivered unchecked. Copies held for a person
    are neither."""

    capture: Capture
    pending: tuple[int, ...]
    delivered: tuple[int, ...]


class Rescreening:
    """One round of screening again; one at a time, in one thread. clock: epoch ms."""

    def __init__(
        self, settings: Settings, data: Path, clock: Callable[[], int], judging: Evaluator, runner: asyncio.Runner
    ) -> None:
        self._data = data
        self._clock = clock
        self._judging = judging
        self._runner = runner
        self._modes = Modes(settings, data)
        self._people = SnapshotWatcher(data, clock)
        self._following = RescreeningFollower(data)
        self._machine = Machine(data)
        self._next: dict[bytes, tuple[int, int]] = {}  # when it is tried again, and how long is waited after that

    def step(self) -> int:
        """Process what is due; return how many were decided. Durable on return. Raises LaterError if the archive cannot commit."""
        now = self._clock()
        waiting = self._following.waiting()
        due = [id_ for id_ in waiting if self._next.get(id_, (0, 0))[0] <= now][:CAPTURES_PER_STEP]
        if due:
            self._machine.refresh()
            self._modes.refresh()
        events = [event for some in self._runner.run(self._all(due, now)) for event in some] if due else []
        if events:
            write_events(self._data, events, self._clock())
        self._next = {id_: when for id_, when in self._next.items() if id_ in waiting}
        self._following.save(now)
        return len({event.id for event in events})

    async def _all(self, ids: Sequence[bytes], now: int) -> list[list[Event]]:
        """Process messages concurrently, so that a check that hangs costs its time once."""
        several = asyncio.Semaphore(CONCURRENT)

        async def one(id_: bytes) -> list[Event]:
            async with several:
                return await self._settle(id_, now)

        return await asyncio.gather(*map(one, ids))

    async def _settle(self, id_: bytes, now: int) -> list[Event]:
        wait = self._next.get(id_, (0, FIRST_WAIT))[1]
        self._next[id_] = (now + wait, min(2 * wait, MAX_WAIT))
        try:
            waiting = waiting_of(self._machine.capture(id_), self._machine.events(id_))
            verdict, screened = await self._evaluate(waiting)
        except (NotInArchive, DamagedFile, OSError, CivicmailError) as error:
            log.error("a message cannot be screened again", capture=id_.hex(), error=str(error))
            return []
        return outcome(waiting, verdict, screened, now)

    async def _evaluate(self, waiting: Waiting) -> tuple[Verdict, Screened]:
        capture, snapshot = waiting.capture, self._people.current
        body = self._machine.body(capture.id)
        settled = Settled(
            capture.envelope, capture.source.kind, capture.size, current_directory_decisions(capture, snapshot, self._modes.of)
        )
        return await self._judging.verdict(body, settled, snapshot, self._modes.of, late=True)


def copies_of(capture: Capture, events: Sequence[Event]) -> dict[int, Copy]:
    """The state of a capture's copies, from its receipt and later events."""
    copies = {d.to: Copy("", d.do) for d in capture.dispositions}
    for event in events:
        for index in event.to:
            if (copy := copies.get(index)) is not None:
                copy.apply(event.type, event.at, event.facts, (event.journal, event.number))
    return copies


def waiting_of(capture: Capture, events: Sequence[Event]) -> Waiting:
    """The copies of a capture that are screened again."""
    copies = copies_of(capture, events)
    unsure = {d.to for d in capture.dispositions if any(rule.startswith(rule_keys.UNAVAILABLE) for rule in d.rules)}
    pending = tuple(index for index, copy in copies.items() if copy.is_pending)
    return Waiting(capture, pending, tuple(index for index in sorted(unsure - set(pending)) if not copies[index].is_held))


def current_directory_decisions(
    capture: Capture, snapshot: Snapshot | None, modes: Callable[[str], Any]
) -> dict[int, tuple[Action, str]]:
    """The directory's decision today about the copies of a receipt, as expand() made it on arrival."""
    settled: dict[int, tuple[Action, str]] = {
        d.to: ("kept", d.rules[0]) for d in capture.dispositions if d.do == "kept" and d.rules
    }
    for index, recipient in enumerate(capture.envelope.recipients):
        if snapshot is None or index in settled or modes(recipient.address) != "live":
            continue
        box = snapshot.mailbox_of(recipient.box or recipient.address)
        if box is not None and box.state != "open":
            settled[index] = ("hold", rule_keys.ACCESS_HELD if box.state == "held" else rule_keys.ACCESS_CLOSED)
    return settled


def outcome(waiting: Waiting, verdict: Verdict, screened: Screened, now: int) -> list[Event]:
    """The events of a screening, copies with equal outcome together; none while checks are unavailable and there is time."""
    by_index = {d.to: d for d in verdict.dispositions}
    age = now - waiting.capture.received
    missing = any(rule.startswith(rule_keys.UNAVAILABLE) for d in verdict.dispositions for rule in d.rules)
    still = [i for i in waiting.pending if by_index[i].do == "pending"]
    again = bool((missing and waiting.delivered and age < LOOKED_FOR) or (still and age < PATIENCE))
    late = still if age >= PATIENCE else []
    indices = [i for i in waiting.pending if i not in still] + ([] if again else list(waiting.delivered))
    groups: dict[str, tuple[list[int], dict[str, Any]]] = {}
    for index in (*indices, *late):
        facts = facts_of(by_index[index], held=index in late)
        groups.setdefault(repr(facts), ([], facts))[0].append(index)
    if not groups and not again:
        groups[""] = ([], {"do": "kept", "rules": []})
    more: dict[str, Any] = {
        "findings": [f.plain() for f in (*screened.findings, *verdict.findings)],
        "facts": plain_facts(verdict.facts),
        **({"again": 1} if again else {}),
    }
    return [Event(Type.DECIDED, waiting.capture.id, now, tuple(to), {**facts, **more}) for to, facts in groups.values()]


def facts_of(decided: Disposition, *, held: bool = False) -> dict[str, Any]:
    """The facts of a DECIDED event: the disposition of a receipt; copy: the recipient's facts."""
    plain = decided.plain()
    plain |= {"copy": plain.pop("facts")} if "facts" in plain else {}
    del plain["to"]
    return {**plain, "do": "hold", "rules": [*plain["rules"], rule_keys.PENDING_TOO_LONG]} if held else plain
