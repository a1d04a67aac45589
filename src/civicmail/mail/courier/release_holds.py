"""Release held mail automatically when its mailbox accepts mail again or a successor may read it (M4, L4; P-06).

Runs whenever the published snapshot changes, and once a minute, because a gateway with the previous snapshot may have held a copy
in between.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.outstanding import Outstanding
from civicmail.mail.archive.outstanding_view import OutstandingView
from civicmail.mail.courier.access_holds import held_for, release
from civicmail.mail.courier.archived_message import Store

ACTOR = "worker"
POLL_MS = 60_000  # ms


def destination(snapshot: Snapshot, mailbox: str, now: int) -> str | None:
    """The destination of copies that wait for a mailbox: "" for itself, the function mailbox that the department chose, the
    successor's own mailbox, None while nobody may read them."""
    current = snapshot.mailbox_of(mailbox)
    if current is not None and current.state == "open":
        return ""
    if current is not None and current.state == "held" and now < current.forward_until:
        onward = snapshot.mailbox_of(current.forward)
        return current.forward if onward is not None and onward.state == "open" else None
    for person in snapshot.people.values():
        if any(g.mailbox == mailbox and g.role == "successor" and now < g.until for g in person.grants):
            own = next((g.mailbox for g in person.grants if g.role == "holder" and now < g.until), None)
            if own is not None:
                return own
    return None


class HoldReleaser:
    """One round of it at a time. clock: ms."""

    def __init__(self, data: Path, watch: SnapshotWatcher, clock: Callable[[], int]) -> None:
        self._data = data
        self._watch = watch
        self._clock = clock
        self._followed = OutstandingView(data)
        self._store = Store(data)
        self._version = -1
        self._due = 0

    def step(self) -> int:
        """Release what may go; how many messages. Durable on return, and twice releases nothing twice. Raises
        DamagedFile, LaterError."""
        snapshot, now = self._watch.current, self._clock()
        if snapshot is None:
            return 0
        outstanding = self._followed.now(now)  # kept up with: whoever looks once a minute finds it sealed away, and reads all anew
        if snapshot.version == self._version and now < self._due:
            return 0
        waiting = sorted({c.target.lower() for e in outstanding.held() for c in e.copies.values() if c.is_held})
        destinations = [(mailbox, to) for mailbox in waiting if (to := destination(snapshot, mailbox, now)) is not None]
        count = self._release(destinations, outstanding, now) if destinations else 0
        self._version, self._due = snapshot.version, now + POLL_MS
        return count

    def _release(self, destinations: list[tuple[str, str]], outstanding: Outstanding, now: int) -> int:
        count = 0
        with closing(Writer(self._data, self._clock, file_size=SHORT_FILE)) as writer:
            for mailbox, to in destinations:
                reason = "another mailbox takes it, or a successor (L4)" if to else "its mailbox takes mail again (M4)"
                for held in held_for(self._data, mailbox, outstanding, self._store):
                    release(writer, held, to=to, actor=ACTOR, reason=reason, now=now)
                    count += 1
            writer.flush()
        return count
