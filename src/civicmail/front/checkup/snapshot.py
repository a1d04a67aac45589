"""Check the snapshot of people that gateways use; it expires when the database stays away (docs/operate/people.md)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.guard import guard
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher, alive_path
from civicmail.front.checkup.findings import MINUTE, Finding, Installation
from civicmail.front.checkup.wording import when

CHECK = "who may use mail"


def snapshot(p: Installation) -> Iterator[Finding]:
    """Check that the database answered, or a snapshot was published, within a minute."""
    if not guard.is_claimed(p.data):
        return
    watch = SnapshotWatcher(p.data, lambda: p.now)
    known = watch.current
    if known is None and not watch.is_unreadable:
        return  # nobody has a mailbox yet
    if known is None:
        text = "Gateways do not know who may use mail: nothing that can be read was published, so nobody sends."
        yield Finding(CHECK, "problem", text, f"civicmail run --data {p.data}; the log of the city worker says why.")
        return
    try:
        answered = alive_path(p.data).stat().st_mtime_ns // 1_000_000
    except OSError:
        answered = 0
    last = max(answered, known.at)
    if p.now - last > MINUTE:
        text = f"The database has not answered the city worker since {when(last)}"
        text += "; after 15 minutes nobody sends, after a day no mail comes in."
        do = "Look at the database, and whether the city worker runs: its log says what the database answers."
        yield Finding(CHECK, "problem", text, do)
    else:
        yield Finding(CHECK, "ok", f"Gateways know it as it was at {when(last)}.")
