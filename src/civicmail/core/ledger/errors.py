"""Errors of the ledger.

LaterError
├── LedgerEnded         a write or sync failed: this sequencer is over, open another
└── NotIntegrated       the record is not in the ledger yet, or no checkpoint covers it
ConfigError
└── KeyMissing          the ledger's signing key is absent or invalid
UsageError
└── NotOurCheckpoint    a named file is no checkpoint of this ledger
DamagedFile
├── LedgerDamaged       synced bytes of the ledger have changed
└── LedgerRolledBack    a signed checkpoint has more, or other, entries than the ledger
"""

from __future__ import annotations

from civicmail.core.config.errors import ConfigError, LaterError, UsageError
from civicmail.core.disk.errors import DamagedFile


class LedgerEnded(LaterError):
    """A write or a sync of the ledger failed. Synced entries remain; the rest is read again from the journals."""


class NotIntegrated(LaterError):
    """There is no proof yet: the sequencer has not reached the record, or no checkpoint was signed since."""


class KeyMissing(ConfigError):
    """keys/ledger.key or keys/ledger.pub is missing or is not an Ed25519 key."""


class NotOurCheckpoint(UsageError):
    """The file is no checkpoint, or is not signed with the key of this ledger."""


class LedgerDamaged(DamagedFile):
    """Bytes of the ledger differ from what was written; the message names the file and the place."""


class LedgerRolledBack(DamagedFile):
    """The ledger folder was set back or rewritten: it does not continue a published checkpoint."""
