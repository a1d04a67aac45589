"""Copies that rules keep back at this moment, by their envelopes, and why. Knows no Django.

    kept = KeptBack(data)
    kept.copies(now)             everything that is quarantined or held by a rule, newest first
    kept.waiting(now)            what has waited for no person, for an hour and longer
    kept.why(copy)               the rules, and what the checks have seen, for one of them

Like the module for rules of desk/oversight this one has a machine's door: heads of captures come out of it, never a byte of mail.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.policy.dispositions import USE_CHECK, disclosable_rules
from civicmail.city.policy.failure_policy import PART_LABELS
from civicmail.city.policy.finding_labels import describe
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message.header_scan import header_length
from civicmail.core.message.message_parser import fields
from civicmail.desk.holding.record_facts import unavailable_parts
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.outstanding_view import OutstandingView
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.courier import strip_client
from civicmail.mail.search.fields import thread

MAILBOX_RULES = frozenset({"access-held", "access-closed"})
"""Rules that keep mail for a mailbox that nobody may read: it goes on by itself (mail/courier/release_holds.py)."""

PENDING, DEFERRED = "pending", "deferred"
RETRYING = frozenset({PENDING, DEFERRED})
"""Until it could be checked; until the next server takes it."""
UNCHECKED = "unchecked"
"""In the place of a rule, where lists are asked for what a check that did not answer has kept back."""
LATE_AFTER_MS = 3_600_000
"""ms after its receipt from which on a copy is late that waits for no person."""


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """One recipient's copy. do: quarantine or hold, or of WAITS; address: the recipient, with the mailbox behind it; rules: ids of
    those by which it is kept, empty where its record cannot be read; since: ms when that was decided, or it was late; door: the
    kind of it by which the message came in."""

    id: bytes
    index: int
    received: int
    sender: str
    address: str
    box: str
    do: str
    rules: tuple[str, ...]
    since: int = 0
    door: str = ""

    @property
    def uuid(self) -> str:
        return str(uuid.UUID(bytes=self.id))


@dataclass(frozen=True, slots=True)
class CheckResults:
    """checks: (what it looks for, what it saw, in words), of those that saw something or could not be made."""

    source: str
    client: str
    checks: tuple[tuple[str, str], ...]


class HeldCopies:
    """Of one data folder. Safe for any number of threads."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._followed = OutstandingView(data)
        self._rules: dict[tuple[bytes, int], tuple[str, tuple[str, ...]]] = {}

    def copies(self, now: int) -> list[HeldCopy]:
        """Everything that is kept back by rules, newest first. now: ms. Raises DamagedFile."""
        with self._lock:
            machine, held = Machine(self._data), []
            known_rules = self._rules
            self._rules = {}
            for entry in self._followed.now(now).held():
                for index, copy in entry.copies.items():
                    if not copy.is_held or copy.is_pending or copy.control[0]:
                        continue
                    decided = (copy.now, copy.decided[4]) if copy.decided[3] else known_rules.get((entry.id, index))
                    do, rules = decided or _receipt_decision(machine, entry.id, index)
                    self._rules[entry.id, index] = do, rules
                    if not MAILBOX_RULES & set(rules):
                        since = copy.decided[0] or entry.received
                        held.append(
                            HeldCopy(
                                entry.id,
                                index,
                                entry.received,
                                entry.sender,
                                copy.address,
                                copy.target,
                                do,
                                disclosable_rules(rules),
                                since,
                                entry.kind,
                            )
                        )
        return sorted(held, key=lambda c: (c.received, c.id, -c.index), reverse=True)

    def delayed(self, now: int) -> list[HeldCopy]:
        """Copies that wait for no person and are late: those that could not be checked so far, and those that the next server has
        put off. Our own mail is none of them. now: ms. Raises DamagedFile."""
        delayed_copies = []
        with self._lock:
            for entry in self._followed.now(now).entries.values():
                if not entry.seen or entry.kind == "local" or entry.received + LATE_AFTER_MS > now:
                    continue
                for index, copy in entry.copies.items():
                    do = PENDING if copy.is_pending else DEFERRED if copy.is_waiting and copy.settled else ""
                    if do:
                        late = entry.received + LATE_AFTER_MS
                        delayed_copies.append(
                            HeldCopy(
                                entry.id, index, entry.received, entry.sender, copy.address, copy.target, do, (), late, entry.kind
                            )
                        )
        return delayed_copies

    def unchecked(self, now: int) -> list[HeldCopy]:
        """Copies that wait for a person because a check did not answer. now: ms. Raises DamagedFile."""
        return [copy for copy in self.copies(now) if unavailable_checks(copy.rules)]

    def copy(self, id_: bytes, index: int, now: int) -> HeldCopy | None:
        """One of them, None where it is not kept back any more."""
        return next((c for c in self.copies(now) if (c.id, c.index) == (id_, index)), None)

    def record(self, id_: bytes) -> tuple[Capture, list[Event]]:
        """What is recorded of a message. Raises NotInArchive, DamagedFile."""
        machine = Machine(self._data)
        return machine.capture(id_), machine.events(id_)

    def thread(self, id_: bytes) -> str:
        """The Message-ID of the first message of its conversation, "" where it names none. Raises NotInArchive, DamagedFile."""
        body = Machine(self._data).body(id_)
        return thread(fields(body[: header_length(body)]))

    def removable_files(self, id_: bytes) -> frozenset[str]:
        """Paths of the files that can be left out of a copy of it. Raises NotInArchive, DamagedFile, LaterError."""
        return strip_client.paths(Machine(self._data).body(id_))

    def malware(self, id_: bytes) -> tuple[str, ...]:
        """What the virus scanner has called it, when it came in and since. Raises NotInArchive, DamagedFile."""
        capture, events = self.record(id_)
        facts_list = [capture.facts, *(e.facts.get("facts", {}) for e in events if e.type == Type.DECIDED)]
        return tuple(dict.fromkeys(str(name) for facts in facts_list for name in facts.get("malware.found", ())))

    def check_results(self, copy: HeldCopy) -> CheckResults:
        """What was found when it came in, or since. Raises NotInArchive, DamagedFile."""
        machine = Machine(self._data)
        capture = machine.capture(copy.id)
        return CheckResults(capture.source.kind, capture.envelope.client, _checks(capture, machine.events(copy.id), copy.index))


def unavailable_checks(rules: tuple[str, ...]) -> tuple[str, ...]:
    """The checks that did not answer, in words, of what the records name as rules."""
    return tuple(dict.fromkeys(PART_LABELS.get(part, part) for part in unavailable_parts(rules)))


def _receipt_decision(machine: Machine, id_: bytes, index: int) -> tuple[str, tuple[str, ...]]:
    try:
        disposition = next(d for d in machine.capture(id_).dispositions if d.to == index)
    except (NotInArchive, DamagedFile, StopIteration):
        return "hold", ()
    return disposition.do, disposition.rules


def _checks(capture: Capture, events: list[Event], index: int) -> tuple[tuple[str, str], ...]:
    """By the last time that the checks were made."""
    decided = [e for e in events if e.type == Type.DECIDED and index in e.to and e.facts.get("findings")]
    last = max(decided, key=lambda e: (e.at, e.journal, e.number), default=None)
    findings = last.facts["findings"] if last else [f.plain() for f in capture.findings]
    codes_by_check: dict[str, dict[str, None]] = {}
    for finding in findings:
        if finding["check"] not in (USE_CHECK, "policy", "screening"):
            codes_by_check.setdefault(finding["check"], {})[finding["code"]] = None
    return tuple(describe(check, codes) for check, codes in codes_by_check.items())
