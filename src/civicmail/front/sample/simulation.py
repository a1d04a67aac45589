"""A whole city's day, compressed: its mail comes at its hours, things go wrong, and a report says what it was like.

The city of the demo carries it: about 400 people with the mail of 6,200. Their data folder is new; every process is the real one.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from civicmail.city.access.snapshot import Snapshot
from civicmail.core.config.clock import now_ms
from civicmail.front.sample import costs, incidents, installation, month, people
from civicmail.front.sample.day import HOURS, Load, due
from civicmail.front.sample.daymail import Letters
from civicmail.front.sample.incidents import Disk, Incident, Neighbour
from civicmail.front.sample.names import Names
from civicmail.front.sample.traffic import Traffic
from civicmail.front.sample.watch import Watch

LOOK = 0.25
AGAIN_HOURS = 0.1
"""After six minutes of the day honest servers come again with what was put off."""
Say = Callable[[str], None]
KEPT = "archive, with its evidence"
INDEX = "search"
_PARTS = {"journal": KEPT, "segments": KEPT, "catalogue": KEPT, "ledger": KEPT, "keys": KEPT, "index": INDEX, "extracted": INDEX}
_PARTS["maildir"] = "delivered copies"


@dataclass(slots=True)
class Roles:
    """peak: role of a process -> the most memory it ever had, MiB; cpu: seconds of all of them."""

    peak: dict[str, float] = field(default_factory=dict)
    cpu: float = 0.0

    def look(self, pid: int) -> None:
        family = costs.family(pid)
        self.cpu = max(self.cpu, costs.cpu(family))
        for one in family:
            with suppress(OSError):
                role = costs.role(one)
                self.peak[role] = max(self.peak.get(role, 0.0), costs.peak(one))


class Simulation:
    """One day in one new data folder. load: messages of the day; share: the part of them that comes; seconds: how long it takes."""

    def __init__(self, data: Path, load: Load, seconds: float, seed: int, share: float = 1) -> None:
        self.data, self.load, self.seconds, self.share = data, load, seconds, share
        self.roles = Roles()
        self.happened: list[tuple[float, str]] = []
        self._seed = seed
        self._names, self._neighbour = Names(), Neighbour()
        data.parent.mkdir(parents=True, exist_ok=True)
        disk = Disk(data)
        self.incidents: Sequence[Incident] = (self._neighbour.incident(), disk.incident())
        self.ports = installation.Ports(*installation.free_ports(3))
        text = installation.settings(
            self.ports,
            self._neighbour.world.port,
            min_free=disk.least,
            resolver=self._names.address,
            retry=round(max(1, seconds / HOURS / 60)),
        )
        installation.make(data, text)
        self.traffic = Traffic(self.ports, AGAIN_HOURS * seconds / HOURS)
        self.watch = Watch(data, now_ms())
        self.disk: dict[str, int] = {}

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_: object) -> None:
        incidents.stop(self.incidents)
        self.traffic.stop.set()
        self._neighbour.world.close()
        self._names.close()

    @property
    def left(self) -> int:
        """Messages that the world outside has got."""
        return self._neighbour.taken

    def wait_for_gateway(self) -> None:
        """Raises LaterError when it does not come."""
        installation.wait_for(self.ports, self.data)

    def run(self, snapshot: Snapshot, pid: int, say: Say) -> None:
        """From midnight to midnight, and until everything has settled. pid: of the supervisor."""
        letters = Letters(self._seed, people.DEMO, lambda posting: month.known(posting, snapshot, now_ms()))
        plan = due(self.load.part(self.share), self.seconds, Random(self._seed))  # noqa: S311 - the same day for the same seed
        began = time.monotonic()
        sender = threading.Thread(
            target=self.traffic.run, args=(plan, letters.next, max(60.0, self.seconds / HOURS)), name="traffic", daemon=True
        )
        sender.start()
        told = -1
        while sender.is_alive():
            hour = (time.monotonic() - began) * HOURS / self.seconds
            for words in incidents.play(self.incidents, min(hour, HOURS)):
                self.happened.append((hour, words))
                say(f"{clock(hour)}  {words}")
            self._look(pid)
            if int(hour) > told and hour < HOURS:
                told = int(hour)
                watch = self.watch
                say(f"{clock(told)}  {watch.captures:,} archived, {watch.open:,} under way, {self.traffic.put_off:,} put off")
        incidents.stop(self.incidents)
        end = time.monotonic() + 120
        while self.watch.open and time.monotonic() < end:
            self._look(pid)

    def _look(self, pid: int) -> None:
        self.watch.look()
        self.roles.look(pid)
        time.sleep(LOOK)

    def weigh(self) -> None:
        """What lies on the disk, once nothing runs any more: journals are cut to what is in them then."""
        for path in self.data.rglob("*"):
            if path.is_file():
                part = _PARTS.get(path.relative_to(self.data).parts[0], "people's side, screening, pages")
                self.disk[part] = self.disk.get(part, 0) + path.stat().st_blocks * 512


def clock(hour: float) -> str:
    """14.5 -> "14:30"."""
    return f"{int(hour):02}:{int(hour % 1 * 60):02}"


def quantile(values: Sequence[float], share: float) -> float:
    """0 of nothing."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
