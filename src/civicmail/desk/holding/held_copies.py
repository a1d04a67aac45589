"""Copies that rules hold or quarantine at this moment, and why. Without Django.

    held = HeldCopies(data)
    held.copies(now)             quarantined copies and copies held by a rule, newest first
    held.delayed(now)            copies that wait for something else than a person, for an hour or longer
    held.check_results(copy)     the rules, and the results of the checks

It reads heads of captures without a permit, like the rules of desk/oversight. Of the content of mail it returns the conversation,
and what an approver may see of files that wait (P-22).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import USE_CHECK, disclosable_rules
from civicmail.city.policy.failure_policy import PART_LABELS
from civicmail.city.policy.finding_labels import describe
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.message.header_scan import header_length
from civicmail.core.message.message_parser import fields
from civicmail.desk.holding.record_facts import unavailable_parts
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.runs import plain
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.outstanding_view import OutstandingView
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.courier import strip_client
from civicmail.mail.search.fields import thread

PENDING, DEFERRED = "pending", "deferred"
RETRYING = frozenset({PENDING, DEFERRED})
"""Until the check answers; until the next server accepts it."""
LATE_AFTER_MS = 3_600_000
"""ms after its receipt from which a copy that waits for no person is late."""


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """One recipient's copy. do: quarantine or hold, or of RETRYING; address: the recipient, with its mailbox; rules: ids of the
    rules that hold it, empty if its record cannot be read; since: ms when it was held or late; door: kind of the entry point."""

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
    """checks: (what the check looks for, its result, in words), of checks with a finding or without an answer."""

    source: str
    client: str
    checks: tuple[tuple[str, str], ...]


class HeldCopies:
    """Held copies of one data folder. Safe for any number of threads."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._followed = OutstandingView(data)
        self._rules: dict[tuple[bytes, int], tuple[str, tuple[str, ...]]] = {}

    def copies(self, now: int) -> list[HeldCopy]:
        """All copies that rules hold or quarantine, newest first. now: ms. Raises DamagedFile."""
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
                    if not rule_keys.OF_MAILBOXES & set(rules):
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
        """Copies that are late and wait for no person: not checked so far, or deferred by the next server; without the city's
        own mail. now: ms. Raises DamagedFile."""
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
        """One held copy, None if it is not held any more."""
        return next((c for c in self.copies(now) if (c.id, c.index) == (id_, index)), None)

    def record(self, id_: bytes) -> tuple[Capture, list[Event]]:
        """The capture and events of a message. Raises NotInArchive, DamagedFile."""
        machine = Machine(self._data)
        return machine.capture(id_), machine.events(id_)

    def disposed(self, ids: Iterable[bytes]) -> set[bytes]:
        """Those of these messages that the archive no longer has."""
        machine = Machine(self._data)
        return {id_ for id_ in ids if machine.place(id_) is None}

    def thread(self, id_: bytes) -> str:
        """The Message-ID of the first message of its conversation, "" if it names none. Raises NotInArchive, DamagedFile."""
        body = Machine(self._data).body(id_)
        return thread(fields(body[: header_length(body)]))

    def subject_and_names(self, id_: bytes) -> tuple[str, dict[tuple[str, str], str]]:
        """The subject, and the name of each file by path and SHA-256, without invisible characters. Raises NotInArchive,
        DamagedFile."""
        body = Machine(self._data).body(id_)
        shown = sandboxed.read(body)
        names = {(file.path, file.sha256): plain(file.name) for file in sandboxed.files(body)}
        return plain(shown.subject) if shown is not None else "", names

    def removable_files(self, id_: bytes) -> frozenset[str]:
        """Paths of the files that can be stripped from a copy. Raises NotInArchive, DamagedFile, LaterError."""
        return strip_client.paths(Machine(self._data).body(id_))

    def malware(self, id_: bytes) -> tuple[str, ...]:
        """Names that the virus scanner gave it, at receipt and since. Raises NotInArchive, DamagedFile."""
        capture, events = self.record(id_)
        facts_list = [capture.facts, *(e.facts.get("facts", {}) for e in events if e.type == Type.DECIDED)]
        return tuple(dict.fromkeys(str(name) for facts in facts_list for name in facts.get("malware.found", ())))

    def check_results(self, copy: HeldCopy) -> CheckResults:
        """The results of the checks, at receipt or later. Raises NotInArchive, DamagedFile."""
        machine = Machine(self._data)
        capture = machine.capture(copy.id)
        return CheckResults(capture.source.kind, capture.envelope.client, _checks(capture, machine.events(copy.id), copy.index))


def unavailable_checks(rules: tuple[str, ...]) -> tuple[str, ...]:
    """The unavailable checks among these rules, in words."""
    return tuple(dict.fromkeys(PART_LABELS.get(part, part) for part in unavailable_parts(rules)))


def _receipt_decision(machine: Machine, id_: bytes, index: int) -> tuple[str, tuple[str, ...]]:
    try:
        disposition = next(d for d in machine.capture(id_).dispositions if d.to == index)
    except (NotInArchive, DamagedFile, StopIteration):
        return "hold", ()
    return disposition.do, disposition.rules


def _checks(capture: Capture, events: list[Event], index: int) -> tuple[tuple[str, str], ...]:
    """By the last run of the checks."""
    decided = [e for e in events if e.type == Type.DECIDED and index in e.to and e.facts.get("findings")]
    last = max(decided, key=lambda e: (e.at, e.journal, e.number), default=None)
    findings = last.facts["findings"] if last else [f.plain() for f in capture.findings]
    codes_by_check: dict[str, dict[str, None]] = {}
    for finding in findings:
        if finding["check"] not in (USE_CHECK, "policy", "screening"):
            codes_by_check.setdefault(finding["check"], {})[finding["code"]] = None
    return tuple(describe(check, codes) for check, codes in codes_by_check.items())
