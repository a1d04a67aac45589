"""End open IMAP connections when access ends, through Dovecot (P-07, L2; promise 5).

Dovecot checks access only at sign-in. So the connections of people who lost the right to read, a device password or all
sessions are ended; others sign in again unnoticed. It is done twice, because a sign-in may be under way the first time.

A device may be removed while this does not run: a file keeps a digest of the rights last seen. If it differs at start, all
connections are ended once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.snapshot.imap_access import own_mailbox
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.log import get_logger
from civicmail.core.disk.files import OS_FILES, Files

log = get_logger()

RETRY_AFTER_MS = 1_000
"""ms until the second kick."""

LOOK_EVERY = 2_000
"""ms between two checks for rights that end by date, without a publication."""

BATCH_SIZE = 100
EVERYBODY = "*"
"""The mask of all mailboxes."""


def seen_path(data: Path) -> Path:
    return data / "access" / "connected"


Disconnect = Callable[[list[str]], None]
"""Ends all open connections of these mailboxes. Raises OSError if Dovecot is unavailable."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What an open connection depends on: access of the mailbox owner, session epoch, devices."""

    opens: bool
    epoch: int
    devices: frozenset[str]

    def lost_to(self, now: Rights) -> bool:
        """Whether a connection opened under these rights must end under the later ones."""
        return (self.opens and not now.opens) or self.epoch != now.epoch or not self.devices <= now.devices


class ImapDisconnect:
    """Follows the snapshot. kick raises OSError if Dovecot is unavailable; it is retried after a second. clock: epoch ms."""

    def __init__(
        self, data: Path, watch: SnapshotWatcher, kick: Disconnect, clock: Callable[[], int], files: Files = OS_FILES
    ) -> None:
        self._place = seen_path(data)
        self._watch = watch
        self._kick = kick
        self._clock = clock
        self._files = files
        self._noted = _read(self._place)
        self._before: dict[str, Rights] | None = None
        self._seen = (-1, 0)
        self._due: dict[str, list[int]] = {}

    def step(self) -> int:
        """Run one round. Returns how many mailboxes were disconnected."""
        now = self._clock()
        self._look(now)
        mailboxes = sorted(m for m, times in self._due.items() if times[0] <= now)
        for start in range(0, len(mailboxes), BATCH_SIZE):
            part = mailboxes[start : start + BATCH_SIZE]
            try:
                self._kick(part)
            except OSError as error:
                log.error("open IMAP connections cannot be ended", mailboxes=len(mailboxes) - start, problem=str(error))
                self._due |= {m: [now + RETRY_AFTER_MS, now + 2 * RETRY_AFTER_MS] for m in mailboxes[start:]}
                return start
            for mailbox in part:
                self._due[mailbox].pop(0)
            log.info("open IMAP connections were ended", mailboxes=len(part))
        self._due = {m: times for m, times in self._due.items() if times}
        self._note()
        return len(mailboxes)

    def _note(self) -> None:
        """Store the rights last seen, once all disconnects are done."""
        if self._due or self._before is None or (digest_ := digest(self._before)) == self._noted:
            return
        self._files.make_folder(self._place.parent)
        self._files.replace(self._place, digest_)
        self._noted = digest_

    def _look(self, now: int) -> None:
        snapshot = self._watch.current
        if snapshot is None or (snapshot.version == self._seen[0] and 0 <= now - self._seen[1] < LOOK_EVERY):
            return
        self._seen = (snapshot.version, now)
        after = rights(snapshot, now)
        lost_mailboxes = lost(self._before, after)
        if self._before is None and digest(after) != self._noted:
            lost_mailboxes = [EVERYBODY]
        self._due |= {mailbox: [now, now + RETRY_AFTER_MS] for mailbox in lost_mailboxes}
        self._before = after


def rights(snapshot: Snapshot, now: int) -> dict[str, Rights]:
    """Personal mailbox -> access, epoch and devices."""
    by_mailbox = {}
    for mailbox in snapshot.mailboxes.values():
        if mailbox.kind == "personal":
            person = snapshot.people.get(mailbox.holder)
            opens = person is not None and own_mailbox(snapshot, person, now) is mailbox
            devices = frozenset(d.id for d in person.devices) if person is not None else frozenset()
            by_mailbox[mailbox.id] = Rights(opens, person.epoch if person is not None else 0, devices)
    return by_mailbox


def lost(before: dict[str, Rights] | None, after: dict[str, Rights]) -> Iterable[str]:
    """Mailboxes whose connections must end. Without a before, after a start, all that do not open."""
    if before is None:
        return [m for m, s in after.items() if not s.opens]
    mailboxes = [m for m in before if m not in after]
    return mailboxes + [m for m, s in after.items() if m in before and before[m].lost_to(s)]


def digest(seen: dict[str, Rights]) -> bytes:
    """The same of the same rights, in whatever order they come."""
    total = hashlib.sha256()
    for mailbox, rights_ in sorted(seen.items()):
        total.update(repr((mailbox, rights_.opens, rights_.epoch, sorted(rights_.devices))).encode())
    return total.digest()


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return b""
