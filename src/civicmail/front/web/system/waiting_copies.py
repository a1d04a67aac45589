"""Waiting copies, kept current by following the journals. No Django.

One for each process: the projection is read once from its snapshot, then kept current. Pages get copies of the rows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.directory.modes import Modes
from civicmail.core.config.settings import Settings
from civicmail.core.disk.tail import Positions
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.envelopes import shown_reply
from civicmail.mail.archive.outstanding import Entry, Outstanding
from civicmail.mail.archive.outstanding_view import OutstandingView
from civicmail.mail.courier.hops import Routes

NOWHERE = "none"
"""Stands for the next hop of mail that waits for a setting."""
MAX_HOPS = 50_000
"""Addresses whose next hop is remembered."""


@dataclass(frozen=True, slots=True)
class Line:
    """One waiting or held copy. hop: as in the settings, NOWHERE if none; next: epoch ms of the next try, 0 for now; reply: last
    reply of the hop, replied: its time."""

    id: bytes
    index: int
    received: int
    size: int
    sender: str
    address: str
    hop: str
    held: bool
    tries: int
    next: int
    reply: str
    replied: int


@dataclass(frozen=True, slots=True)
class Group:
    """Waiting copies of one next hop."""

    hop: str
    recipients: int
    messages: int
    oldest: int
    reply: str
    next: int


class Waiting:
    """For one data folder. Thread-safe."""

    def __init__(self, data: Path, settings: Settings) -> None:
        self._data, self._settings = data, settings
        self._lock = threading.Lock()
        self._followed = OutstandingView(data)
        self._routes: Routes | None = None
        self._hops: dict[str, str] = {}
        self._lines: list[Line] | None = None
        self._of: tuple[Outstanding, Positions] | None = None

    def lines(self, now: int) -> list[Line]:
        """Every recipient that waits or is held, oldest mail first. now: ms. Raises DamagedFile, BadDirectory."""
        with self._lock:
            known = self._followed.now(now)
            self._look_at_routes()
            if self._lines is None or self._of != (known, known.positions):
                entries = {e.id: e for e in (*known.waiting(), *known.held())}
                rows = [_line(e, i, copy, self._hop_for(copy.target)) for e in entries.values() for i, copy in _open(e)]
                self._lines = sorted(rows, key=lambda line: (line.received, line.id, line.index))
                self._of = known, dict(known.positions)
            return self._lines

    def _look_at_routes(self) -> None:
        if self._routes is None:
            self._routes = Routes(self._settings, Modes(self._settings, self._data))
        if self._routes.modes.refresh() or len(self._hops) > MAX_HOPS:
            self._hops, self._lines = {}, None

    def _hop_for(self, address: str) -> str:
        """Remembered, because many wait for the same people."""
        if (known := self._hops.get(address)) is None:
            assert self._routes is not None
            known = self._hops[address] = str(self._routes.hop_for(address) or NOWHERE)
        return known


def groups(lines: Iterable[Line]) -> list[Group]:
    """Waiting copies by next hop, oldest first; held ones are left out."""
    by: dict[str, list[Line]] = {}
    for line in lines:
        if not line.held:
            by.setdefault(line.hop, []).append(line)
    groups_ = [
        Group(
            hop,
            len(lines_),
            len({line.id for line in lines_}),
            min(line.received for line in lines_),
            max(lines_, key=lambda line: line.replied).reply,
            min(line.next for line in lines_),
        )
        for hop, lines_ in by.items()
    ]
    return sorted(groups_, key=lambda group: (group.oldest, group.hop))


def _open(entry: Entry) -> list[tuple[int, Copy]]:
    return [(i, copy) for i, copy in entry.copies.items() if entry.seen and (copy.is_waiting or copy.is_held)]


def _line(entry: Entry, index: int, copy: Copy, hop: str) -> Line:
    named = {address.lower() for address in (entry.sender, copy.address, copy.target)}
    return Line(
        entry.id, index, entry.received, entry.size, entry.sender, copy.target, hop, copy.is_held,
        copy.tries, copy.due, shown_reply(copy.reply, named), copy.at,
    )  # fmt: skip


_known: dict[Path, Waiting] = {}
_making = threading.Lock()


def waiting(data: Path, settings: Settings) -> Waiting:
    """The instance of this process for a data folder."""
    with _making:
        if data not in _known:
            _known[data] = Waiting(data, settings)
        return _known[data]
