"""Errors of the archive.

CivicmailError
├── NotInArchive      no message has this id
└── UnknownHold       no hold in force has this id
ConfigError
└── KeyMissing        a needed key is not in the keyring
UsageError
├── InvalidId         this text cannot name a capture
└── MissingReason     a reason, a person or a ground is missing
RefusedError
├── HoldOfWork        a hold ends only with the work that placed it
└── NotDisposed       a rule forbids disposal now
    └── TooMuch       a proposal would dispose of too much of the archive
LaterError
└── RulesChanged      a hold, class or schedule was added while storage was being rewritten

Damaged bytes are core.disk's DamagedFile; a missing permit is the guard's NotPermitted.
"""

from __future__ import annotations

from civicmail.core.config.errors import CivicmailError, ConfigError, LaterError, RefusedError, UsageError


class NotInArchive(CivicmailError):
    """No capture has this id, or it was disposed of."""

    exit_code = 1
    http = 404


class UnknownHold(CivicmailError):
    """No hold in force has this id: it never existed, or has ended."""

    exit_code = 1
    http = 404


class HoldOfWork(RefusedError):
    """A request for records or a violation placed this hold, and its end lifts it; nobody does so before (Wis. Stat. 19.35(5))."""


class MissingReason(UsageError):
    """The person, the reason or the ground is missing; an act that must leave a trace needs all of them."""


class NotDisposed(RefusedError):
    """Disposal needs a second person, a schedule in force, and an installation that does not only simulate (promise 3)."""


class TooMuch(NotDisposed):
    """A proposal would dispose of more of the archive than one may: the schedules may be wrong. Nothing was proposed."""


class RulesChanged(LaterError):
    """The rules changed during the act. Nothing was changed; run the command again."""


class InvalidId(UsageError):
    """The words are neither a capture id nor a SHA-256 nor a prefix of at least twelve digits of either."""


class KeyMissing(ConfigError):
    """The keyring lacks the key of a segment, or the master key that opens it; see `civicmail keys`."""
