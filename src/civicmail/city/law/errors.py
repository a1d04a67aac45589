"""Errors of the law as data.

UsageError
├── BadSchedule      a file of schedules is contradictory or incomplete
├── BadPack          a law pack is contradictory or incomplete
├── NotInPack        the pack has no such entry
└── WrongOrder       steps of a decision were not taken in the order of the law
ConfigError
├── NoPack           no law pack was adopted
└── NotVerified      an adopted pack lacks its valid signature
RefusedError
├── NotInForce       the pack or the entry has expired, or does not apply yet
├── MissingEvidence  facts that the law requires were not written down
├── IncompleteLetter a letter lacks a fact, a reason or a mandatory sentence
└── NotBillable      the law does not allow this charge
"""

from __future__ import annotations

from collections.abc import Sequence

from civicmail.core.config.errors import ConfigError, RefusedError, UsageError


class BadSchedule(UsageError):
    """The sentence names the schedule and the line that is wrong in it."""


class BadPack(UsageError):
    """The sentence names the entry and what is wrong in it."""


class NotInPack(UsageError):
    """The sentence names the kind, the id and the nearest one that is there."""


class WrongOrder(UsageError):
    """The sentence names the step that comes first."""


class NoPack(ConfigError):
    """The sentence says how one is adopted."""


class NotVerified(ConfigError):
    """The pack is not used; the sentence says how it is adopted again."""


class NotInForce(RefusedError):
    """Nothing is decided by what is not in force."""


class MissingEvidence(RefusedError):
    """missing: ids of the facts."""

    def __init__(self, sentence: str, missing: Sequence[str]) -> None:
        super().__init__(sentence)
        self.missing = tuple(missing)


class IncompleteLetter(RefusedError):
    """problems: one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


class NotBillable(RefusedError):
    """The sentence names the charge."""
