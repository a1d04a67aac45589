"""Find dangerous mail among recent deliveries (P-25, P-31): malware, with new signatures and once a day; and links and files that
a new rule names.

    scan = RetrospectiveScan(data, "unix:/run/clamav/clamd.ctl")
    for id_, name in scan.step(now): ...         captures with malware; [] while there is nothing to do
    rules = RetrospectiveRules(data)
    for id_, rule in rules.step(book, now): ...  captures that a new rule would hold; rules.done() once they are proposed

Progress is in data/screening/late.json and laterules.json. These may be deleted: then everything is scanned again. This module
reads bodies without a permit; only ids and names of signatures and rules leave it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from civicmail.city.policy.engine import fits
from civicmail.city.policy.rules import Rule, RuleSet
from civicmail.core.config.log import get_logger
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.mail.archive.errors import KeyMissing, NotInArchive
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture
from civicmail.mail.pipeline.labels import is_inbound
from civicmail.mail.screening.clamd import Clamd

log = get_logger()
BACK_MS = 48 * 3_600_000
AGAIN_MS = 24 * 3_600_000
BODIES_PER_STEP = 20
HEADS_PER_STEP = 1000
SECONDS = 30.0
"""For one message; nobody waits for it."""
_NAMES = frozenset({"links.hosts", "links.places", "files.sha256"})
_KEEPS = frozenset({"quarantine", "refuse", "hold"})


class RetrospectiveScan:
    """Blocks; one thread at a time. address: of clamd; is_more: whether the last step left something."""

    def __init__(self, data: Path, address: str, files: Files = OS_FILES) -> None:
        self._machine, self._files = Machine(data), files
        self._ask = Clamd(address)
        self._path = data / "screening" / "late.json"
        self._state: dict[str, Any] = {"signatures": "", "began": 0, "before": "", "over": False}
        self.is_more = False
        with contextlib.suppress(FileNotFoundError, ValueError):
            self._state |= orjson.loads(self._path.read_bytes())

    def step(self, now: int) -> list[tuple[bytes, str]]:
        """Scan some more. now: epoch ms. Raises OSError."""
        self.is_more = False
        answer = asyncio.run(self._ask.version())
        if answer.kind == "failed":
            return []
        begun = self._state["signatures"] == answer.detail and 0 <= now - self._state["began"] < AGAIN_MS
        if begun and self._state["over"]:
            return []
        if not begun:
            self._state = {"signatures": answer.detail, "began": now, "before": "", "over": False}
        return self._scan_next(now)

    def _scan_next(self, now: int) -> list[tuple[bytes, str]]:
        matches, last = _walk(self._machine, self._state["before"], now, BODIES_PER_STEP, self._malware_in)
        self._state |= {"before": last.hex(), "over": not last}
        self.is_more = bool(last)
        self._files.make_folder(self._path.parent, levels=0)
        self._files.replace(self._path, orjson.dumps({"v": 1, **self._state}))
        return matches

    def _malware_in(self, id_: bytes) -> str:
        """The malware's name; "" for none, and for what cannot be read or scanned."""
        try:
            capture = self._machine.capture(id_)
            if not (_was_delivered(capture) and capture.facts.get("files.count", 0)):
                return ""
            answer = asyncio.run(self._ask.scan(self._machine.body(id_), SECONDS))
        except (NotInArchive, DamagedFile, KeyMissing) as error:
            log.warning("late.unread", capture=id_.hex(), error=type(error).__name__)
            return ""
        return answer.detail if answer.kind == "found" else ""


class RetrospectiveRules:
    """Reads heads only, by the facts that they keep. One thread at a time; is_more: as in RetrospectiveScan."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._machine, self._files = Machine(data), files
        self._path = data / "screening" / "laterules.json"
        self._state: dict[str, Any] = {"known": [], "new": [], "before": ""}
        self.is_more = False
        with contextlib.suppress(FileNotFoundError, ValueError):
            self._state |= orjson.loads(self._path.read_bytes())

    def step(self, book: RuleSet, now: int) -> list[tuple[bytes, str]]:
        """Check some more. now: epoch ms. Only done() saves the progress, so that a crash between both loses nothing."""
        self.is_more = False
        acting = {_digest(rule): rule for rule in indicator_rules(book) if rule.is_active(now)} if not book.error else {}
        new = {digest: rule for digest, rule in acting.items() if digest not in self._state["known"]}
        if not new:
            return []
        if sorted(new) != self._state["new"]:
            self._state |= {"new": sorted(new), "before": ""}
        rules = list(new.values())
        matches, last = _walk(
            self._machine, self._state["before"], now, HEADS_PER_STEP, lambda id_: self._matching_rule(id_, rules)
        )
        self._state |= {"before": last.hex()} if last else {"known": sorted(acting), "new": [], "before": ""}
        self.is_more = bool(last)
        return matches

    def done(self) -> None:
        """Save the progress after the last step's result is proposed. Raises OSError."""
        content = orjson.dumps({"v": 1, **self._state})
        if not self._path.exists() or self._path.read_bytes() != content:
            self._files.make_folder(self._path.parent, levels=0)
            self._files.replace(self._path, content)

    def _matching_rule(self, id_: bytes, rules: list[Rule]) -> str:
        """The rule that would hold the message today; "" for none, and for mail that was not delivered."""
        try:
            capture = self._machine.capture(id_)
        except (NotInArchive, DamagedFile, KeyMissing) as error:
            log.warning("late.unread", capture=id_.hex(), error=type(error).__name__)
            return ""
        facts = {name: value for name, value in capture.facts.items() if name != "unavailable"}
        return next((rule.id for rule in rules if _was_delivered(capture) and fits(rule, facts) is True), "")


def _walk(
    machine: Machine, before: str, now: int, most: int, look: Callable[[bytes], str]
) -> tuple[list[tuple[bytes, str]], bytes]:
    """Check captures of the last days, newest first, before an id (hexadecimal; "" for all). Returns those for which look() gives
    a name, and the last one checked, empty at the end."""
    machine.refresh()
    top = bytes.fromhex(before) if before else b"\xff" * 16
    matches, last = [], b""
    for place in islice((p for p in machine.places(max(0, now - BACK_MS), now) if p.id < top), most):
        last = place.id
        if seen := look(last):
            matches.append((last, seen))
    return matches, last


def indicator_rules(book: RuleSet) -> tuple[Rule, ...]:
    """Active rules that hold mail with a certain link or file."""
    return tuple(r for r in book.rules if r.mode == "enforce" and r.do in _KEEPS and r.condition.names & _NAMES)


def _digest(rule: Rule) -> str:
    return hashlib.sha256("\0".join((rule.id, rule.do, rule.when, rule.unless)).encode()).hexdigest()[:16]


def _was_delivered(capture: Capture) -> bool:
    """Whether the message came from outside and a copy was delivered."""
    return is_inbound(capture) and any(d.do in ("deliver", "mark") for d in capture.dispositions)
