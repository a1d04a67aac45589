"""Release held copies: check them again, and overrule only what the deciding person overrules.

    releaser = Releaser(settings, data, clock)
    releaser.release(id_, (0,), by="e-17", reason="a vendor of ours")        a person decides: not spam
    releaser.release(id_, (0,), by=…, reason=…, aside=FILES)                 two persons have checked the file

The caller has checked the person's permission. Releasing spam does not overrule another finding: a later or additional finding
keeps the copy held, and the result has the reason.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from civicmail.city.directory.modes import Modes
from civicmail.city.policy.approvals import NOTHING_STRIPPED, PartialApproval
from civicmail.city.policy.dispositions import UNAVAILABLE, Disposition, Facts, plain_facts
from civicmail.city.policy.facts import FACTS
from civicmail.city.snapshot.published_snapshot import shared_watcher
from civicmail.core.config.settings import Settings
from civicmail.mail.archive.commit import Entering, unentered, write_entered
from civicmail.mail.archive.copies import WAITING
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.courier import strip_client
from civicmail.mail.courier.strip_attachments import derived
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.labels import Label, labeled
from civicmail.mail.pipeline.policy_decision import Settled
from civicmail.mail.pipeline.rescreening import copies_of, current_directory_decisions, facts_of
from civicmail.mail.screening.screener import Screened, is_inbound, readers_for

SPAM = frozenset({"spam", "nearly", "rspamd", "spamd"})
"""Checks that "not spam" overrules."""
FILES = frozenset({"files"})
MALWARE = frozenset({"clamav"})
MALWARE_FACT = "malware.found"


@dataclass(frozen=True, slots=True)
class Released:
    """The result. released: indices of recipients whose copies are delivered; kept: others, with what holds them. A copy that has
    ended, or was not held, is in neither."""

    released: tuple[int, ...] = ()
    kept: Mapping[int, Disposition] = field(default_factory=dict)


class Releaser:
    """Thread-safe; one release at a time. It keeps what takes half a second or more to load: sandboxed processes, archive places,
    snapshot and rules. Each release checks for changes. clock: epoch ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int], judging: Evaluator | None = None) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock
        self._judging = judging
        self._modes = Modes(settings, data, count().__next__)  # a second passes with each look
        self._people = shared_watcher(data, clock)
        self._lock = threading.Lock()
        self._machine = Machine(data)
        self._readers = readers_for(settings, patient=True)
        self.runner = asyncio.Runner()

    def release(
        self,
        id_: bytes,
        indices: Collection[int],
        *,
        by: str,
        reason: str,
        aside: Collection[str] = SPAM,
        rules: Collection[str] = (),
        malware: Collection[str] = (),
        to: str = "",
        for_all: bool = False,
        apart: PartialApproval = NOTHING_STRIPPED,
        entering: Entering = unentered,
    ) -> Released:
        """Release copies; durable on return. aside: checks to overrule; rules: ids of rules to overrule; malware: names to
        overrule, and no other malware; to: another mailbox that gets the copies; for_all: an officer's label, without a reader's
        daily limit (screening/examples.py); apart: which files are approved, also for a later release (P-22); entering: receives
        the indices released and kept, and is not called if nothing is recorded. Raises NotInArchive, DamagedFile, NotAsApproved,
        LaterError."""
        with self._lock:
            decision = ReleaseDecision(by, reason, frozenset(aside), frozenset(rules), frozenset(malware), to, for_all, apart)
            return self._release(id_, indices, decision, entering)

    def close(self) -> None:
        """End the processes. Blocks."""
        with self._lock:
            if self._judging is not None:
                self._judging.close()
            self._readers.close()
            self.runner.close()

    def _release(self, id_: bytes, indices: Collection[int], decision: ReleaseDecision, entering: Entering) -> Released:
        machine, now = self._machine, self._clock()
        machine.refresh()
        capture = machine.capture(id_)
        copies = copies_of(capture, machine.events(id_))
        held = [i for i in sorted(indices) if i in copies and copies[i].is_held]
        if not held:
            return Released()
        decisions: dict[int, tuple[Disposition, dict[str, Any]]] = {}
        parts = {i: decision.apart or copies[i].apart for i in held}
        for apart in sorted(set(parts.values())):
            dispositions, more = self._evaluate(capture, _with(machine.body(id_), apart), decision)
            more |= {"apart": apart.plain()} if apart else {}
            decisions |= {i: (dispositions[i], more) for i in held if parts[i] == apart}
        kept = {i: disposition for i, (disposition, _) in decisions.items() if disposition.do not in WAITING}
        released = tuple(i for i in held if i not in kept)
        outcomes = {i: (_remembered(decisions[i][0], parts[i], copies[i].apart), decisions[i][1]) for i in held}
        events = [_decided(capture, i, *outcomes[i], now) for i in held if outcomes[i][0].do != "pending"]
        if released:
            facts = {"reason": decision.reason, "actor": decision.by, **({"to": decision.to} if decision.to else {})}
            events.append(Event(Type.RELEASED, id_, now, released, facts))
            if is_inbound(capture.source.kind, capture.envelope):
                events.append(labeled(id_, Label(False, decision.by, "operator" if decision.for_all else "release"), now))
        if events:
            write_entered(self._data, events, now, entering, {"let": list(released), "kept": sorted(kept)})
        return Released(released, kept)

    def _evaluate(self, capture: Capture, body: bytes, decision: ReleaseDecision) -> tuple[dict[int, Disposition], dict[str, Any]]:
        """The disposition of each copy today, and the findings."""
        judging = self._judging or Evaluator(self._settings, self._data, self._clock, patient=True, readers=self._readers)
        self._judging = judging
        judging.refresh_rules()
        self._modes.refresh()
        snapshot, source = self._people.refresh(), capture.source.kind
        settled = Settled(capture.envelope, source, capture.size, current_directory_decisions(capture, snapshot, self._modes.of))
        screened = self.runner.run(judging.screen(body, settled, snapshot))
        verdict = judging.decide(settled, decision.overruled(screened), snapshot, self._modes.of, late=True, without=decision.rules)
        findings = [f.plain() for f in (*screened.findings, *verdict.findings)]
        malware = {f"malware:{name}" for name in decision.malware}
        aside = {"aside": sorted(decision.aside | decision.rules | malware), "by": decision.by, "reason": decision.reason}
        return {d.to: d for d in verdict.dispositions}, {"findings": findings, "facts": plain_facts(verdict.facts), **aside}


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """A person's decision: who, why, overruled checks, rules and malware names, for which mailbox, whether as an officer, and
    which files."""

    by: str
    reason: str
    aside: frozenset[str]
    rules: frozenset[str]
    malware: frozenset[str]
    to: str
    for_all: bool
    apart: PartialApproval

    def overruled(self, screened: Screened) -> Screened:
        """The screening without what is overruled."""
        left = _without(screened.facts, self.aside)
        names = left.get(MALWARE_FACT, ())
        if self.malware and isinstance(names, tuple):
            left[MALWARE_FACT] = tuple(name for name in names if name not in self.malware)
        return replace(screened, facts=left)


def _with(body: bytes, apart: PartialApproval) -> bytes:
    """The message as it would leave: stripped files do not count."""
    return derived(body, strip_client.replaced(body, apart)) if apart else body


def _remembered(disposition: Disposition, apart: PartialApproval, known: PartialApproval) -> Disposition:
    """The disposition to record: none while a check is unavailable, except once the approved files. known: the approved files
    recorded."""
    return replace(disposition, do="hold") if apart != known and disposition.do == "pending" else disposition


def _without(facts: Facts, aside: frozenset[str]) -> dict[str, Any]:
    left = {name: value for name, value in facts.items() if FACTS[name].check not in aside}
    parts = left.get(UNAVAILABLE, ())
    if isinstance(parts, tuple) and parts:
        left[UNAVAILABLE] = tuple(part for part in parts if part not in aside)
    return left


def _decided(capture: Capture, index: int, disposition: Disposition, more: Mapping[str, Any], now: int) -> Event:
    """The record of this screening, whether the copy is released or not."""
    return Event(Type.DECIDED, capture.id, now, (index,), {**facts_of(disposition), **more})
