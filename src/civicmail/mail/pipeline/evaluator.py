"""Screening and rules as one process has them: the message is looked into, the book in force is asked, and there is a verdict.

judging = Judging(settings, data, clock)       with a Screener where anything is looked for
verdict = await judging.verdict(content, settled, snapshot, modes)
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from civicmail.city.access.snapshot import Snapshot
from civicmail.city.policy.active_rules import RuleSetWatcher
from civicmail.city.policy.needed_checks import is_needed_for_inbound
from civicmail.city.policy.rules import RuleSet
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
"""Checks of what people of the city send, which mail from outside is spared unless a rule asks."""


class Evaluator:
    """Belongs to one event loop. clock: ms. patient, readers: as of Screener."""

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
        """Whether anything is looked for in messages."""
        return self._screener is not None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is looked for, and no rule has anything to say."""
        if self._screener is not None:
            return False
        book = self.book
        return not book.rules and not book.error

    @property
    def book(self) -> RuleSet:
        """The rules in force; without those that ask about what nobody looks for, where nothing is screened."""
        book = self._watch.rule_set
        if self._screener is not None:
            return book
        if self._unscreened is None or book is not self._whole:
            self._whole, self._unscreened = book, envelope_rules(book)
        return self._unscreened

    def refresh_rules(self) -> None:
        """Take up rules that were published just before: for whoever acts on them."""
        self._watch.refresh()

    def warm(self) -> None:
        """Start what takes a while to start; returns at once."""
        if self._screener is not None:
            self._screener.warm()

    def close(self) -> None:
        if self._screener is not None:
            self._screener.close()

    def client_key(self, envelope: Envelope) -> str:
        """Whose turn a message takes where several wait (turns.py)."""
        return fair_queue.client_key(envelope, origin(envelope, self._settings).client)

    async def verdict(
        self, content: bytes | mmap.mmap, settled: Settled, snapshot: Snapshot | None, modes: Modes, *, late: bool = False
    ) -> tuple[Verdict, Screened]:
        """What is done with a message, and what was found in it. Never raises for what is in the message. late: as of decided."""
        screened = await self.screen(content, settled, snapshot)
        return self.decide(settled, screened, snapshot, modes, late=late), screened

    async def screen(self, content: bytes | mmap.mmap, settled: Settled, snapshot: Snapshot | None) -> Screened:
        """What is found in a message."""
        if self._screener is None or settled.source not in RULED:
            return NOT_SCREENED
        return await self._screener.screen(content, settled.envelope, settled.source, snapshot, spared=self._skipped_checks())

    def _skipped_checks(self) -> tuple[str, ...]:
        """The costly checks that no rule in force asks for, of mail from outside."""
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
        """What the rules say about what was found already. without: ids of rules that do not act on it."""
        book = self.book
        if without:
            book = replace(book, rules=tuple(rule for rule in book.rules if rule.id not in without))
        return decide_copies(settled, screened, book, snapshot, modes, self._clock(), records=self.is_screening, late=late)
