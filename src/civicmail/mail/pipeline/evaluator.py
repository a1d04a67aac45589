"""Screening and rules for one process: screen the message, apply the rule set, return a verdict.

evaluator = Evaluator(settings, data, clock)       with a Screener if any check is on
verdict = await evaluator.verdict(content, settled, snapshot, modes)
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from civicmail.city.policy.active_rules import RuleSetWatcher
from civicmail.city.policy.needed_checks import is_needed_for_inbound
from civicmail.city.policy.rules import RuleSet
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope
from civicmail.mail.pipeline.envelope_facts import Modes
from civicmail.mail.pipeline.policy_decision import RULED, Settled, Verdict, decide_copies, envelope_rules
from civicmail.mail.screening import fair_queue
from civicmail.mail.screening.enabled_checks import is_screened
from civicmail.mail.screening.origin import origin
from civicmail.mail.screening.reader_pool import Readers
from civicmail.mail.screening.screener import NOT_SCREENED, Screened, Screener

COSTLY = ("confidential",)
"""Checks of outgoing mail that mail from outside skips unless a rule needs them."""


class Evaluator:
    """For one event loop. clock: epoch ms. patient, readers: as in Screener."""

    def __init__(
        self, settings: Settings, data: Path, clock: Callable[[], int], *, patient: bool = False, readers: Readers | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._watch = RuleSetWatcher(data, clock)
        screens = is_screened(settings.screening)
        self._screener = Screener(settings, data, clock, patient=patient, readers=readers) if screens else None
        self._whole: RuleSet | None = None
        self._unscreened: RuleSet | None = None
        self._skipped_for: RuleSet | None = None
        self._skipped: tuple[str, ...] = ()

    @property
    def is_screening(self) -> bool:
        """Whether any check is enabled."""
        return self._screener is not None

    @property
    def is_idle(self) -> bool:
        """Whether there are neither checks nor rules."""
        if self._screener is not None:
            return False
        book = self.book
        return not book.rules and not book.error

    @property
    def book(self) -> RuleSet:
        """The active rules; if nothing is screened, without those that need screening."""
        book = self._watch.rule_set
        if self._screener is not None:
            return book
        if self._unscreened is None or book is not self._whole:
            self._whole, self._unscreened = book, envelope_rules(book)
        return self._unscreened

    def refresh_rules(self) -> None:
        """Load rules published just before."""
        self._watch.refresh()

    def warm(self) -> None:
        """Start the processes; returns at once."""
        if self._screener is not None:
            self._screener.warm()

    def close(self) -> None:
        if self._screener is not None:
            self._screener.close()

    def client_key(self, envelope: Envelope) -> str:
        """The key for the fair queue (fair_queue.py)."""
        return fair_queue.client_key(envelope, origin(envelope, self._settings).client)

    async def verdict(
        self, content: bytes | mmap.mmap, settled: Settled, snapshot: Snapshot | None, modes: Modes, *, late: bool = False
    ) -> tuple[Verdict, Screened]:
        """The verdict on a message, and its screening. Never raises because of the message. late: as in decide_copies."""
        screened = await self.screen(content, settled, snapshot)
        return self.decide(settled, screened, snapshot, modes, late=late), screened

    async def screen(self, content: bytes | mmap.mmap, settled: Settled, snapshot: Snapshot | None) -> Screened:
        """Screen a message."""
        if self._screener is None or settled.source not in RULED:
            return NOT_SCREENED
        return await self._screener.screen(content, settled.envelope, settled.source, snapshot, spared=self._skipped_checks())

    def _skipped_checks(self) -> tuple[str, ...]:
        """Costly checks that no active rule for mail from outside needs."""
        book = self._watch.rule_set
        if book is not self._skipped_for:
            spared = tuple(check for check in COSTLY if not book.error and not is_needed_for_inbound(book, check))
            self._skipped_for, self._skipped = book, spared
        return self._skipped

    def decide(
        self,
        settled: Settled,
        screened: Screened,
        snapshot: Snapshot | None,
        modes: Modes,
        *,
        late: bool = False,
        without: Collection[str] = (),
    ) -> Verdict:
        """Apply the rules to a screening. without: ids of rules that are ignored."""
        book = self.book
        if without:
            book = replace(book, rules=tuple(rule for rule in book.rules if rule.id not in without))
        return decide_copies(settled, screened, book, snapshot, modes, self._clock(), records=self.is_screening, late=late)
