"""A simulated day of a whole city: mail, incidents, and a report.

About 600 people in 140 departments and offices carry the mail of 6,200; the sample city's 90 are enough for a hundredth of it.
The data folder is new and every process is real.
Messages are made before the day begins, and the office workers run in another process, so that neither slows the installation.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Protocol

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.clock import now_ms
from civicmail.front.sample import certificate, incidents, installation, month, people, process_costs
from civicmail.front.sample.day_mail import DayMail, DueMessage, keep, kept
from civicmail.front.sample.day_plan import HOURS, Load, due
from civicmail.front.sample.day_tracker import DayTracker
from civicmail.front.sample.incidents import Disk, Incident, SmartHostOutage, StolenAccount
from civicmail.front.sample.name_server import NameServer
from civicmail.front.sample.receipts import Receipts
from civicmail.front.sample.traffic import Traffic
from civicmail.front.sample.work_done import WorkDone

LOOK, ROLES = 0.25, 2.0
"""Seconds between two looks at what became of the mail, and at what processes cost."""
SMALL_SHARE = 0.01
"""Up to this part of a day's mail the sample city sends it, which is made in a few seconds."""
SETTLE_SECONDS = 120
"""Timeout for work in progress at the end of the day."""
RETRY_HOURS = 0.1
"""Senders retry deferred mail after six minutes of the day."""
Say = Callable[[str], None]
REPORT_EVERY = 20_000
"""Messages between two progress lines."""
OURSELVES, AT_DESKS = "(the simulation: postmen, the world)", "(the simulation: people at their desks)"
KEPT = "archive, with its evidence"
INDEX = "search"
_PARTS = {"journal": KEPT, "segments": KEPT, "catalogue": KEPT, "ledger": KEPT, "keys": KEPT, "index": INDEX, "extracted": INDEX}
_PARTS["maildir"] = "delivered copies"


class Desks(Protocol):
    """People at work in a process of their own, whose number is pid."""

    pid: int

    def begin(self, began: float) -> None:
        """began: midnight, of time.monotonic()."""

    def require_open(self) -> None:
        """Raise CivicmailError if it ended."""

    def end(self) -> WorkDone:
        """The day is over; what they did."""


class Simulation:
    """One day in a new data folder. load: messages of the day; share: the part that is sent; seconds: length of the day."""

    def __init__(self, data: Path, load: Load, seconds: float, seed: int, share: float = 1) -> None:
        self.data, self.load, self.seconds, self.share = data, load, seconds, share
        self.town = people.OFFICES if share > SMALL_SHARE else people.SAMPLE
        self.roles = process_costs.ProcessCosts()
        self._began = self._again = 0.0
        self.happened: list[tuple[float, str]] = []
        self._seed = seed
        self._names, self._neighbour = NameServer(), SmartHostOutage()
        data.parent.mkdir(parents=True, exist_ok=True)
        self._letters = tempfile.TemporaryFile(dir=data.parent)  # noqa: SIM115 - __exit__ closes it; it has no name and goes with us
        self._others = {os.getpid(): OURSELVES}
        disk = Disk(data)
        self.ports = installation.Ports(*installation.free_ports(4))
        text = installation.settings(
            self.ports,
            self._neighbour.world.port,
            min_free=disk.least,
            resolver=self._names.address,
            retry=round(max(1, seconds / HOURS / 60)),
            pace=self._pace,
            certificate=certificate.make(data.parent, "mail.city.example"),
        )
        installation.make(data, text)
        installation.adopt_law(data)
        self.receipts = Receipts()
        self.traffic = Traffic(self.ports, RETRY_HOURS * seconds / HOURS, self.receipts)
        self.watch = DayTracker(data, now_ms(), self.receipts)
        self.thief = StolenAccount(self.ports.people, self.receipts)
        self.incidents: Sequence[Incident] = (
            self._neighbour.incident(), disk.incident(), self.thief.incident(self.watch),
        )  # fmt: skip
        self.disk: dict[str, int] = {}

    def __enter__(self) -> Simulation:
        return self

    def __exit__(self, *_: object) -> None:
        incidents.stop(self.incidents)
        self.traffic.stop.set()
        self._neighbour.world.close()
        self._names.close()
        self._letters.close()

    @property
    def left(self) -> int:
        """Messages that the world outside has got."""
        return self._neighbour.taken

    @property
    def _pace(self) -> float:
        """They send what 6,200 do, and an hour is over sooner."""
        return max(1.0, 6200 / len(self.town.employees) * 86_400 / self.seconds * self.share)

    def let_in(self, logins: Mapping[str, tuple[str, str]]) -> None:
        """Set logins by address; the last one's password is stolen."""
        self.traffic.logins.update(logins)
        self.thief.sender, self.thief.login = list(logins.items())[-1]

    def wait_for_gateway(self) -> None:
        """Raises LaterError when it does not come."""
        installation.wait_for(self.ports, self.data)

    def write_letters(self, snapshot: Snapshot, say: Say) -> None:
        """Write all messages to an unnamed file beside the data folder. Raises OSError if there is no room."""
        letters = DayMail(self._seed, self.town, lambda posting: month.known(posting, snapshot, now_ms()))
        load = self.load.part(self.share)
        plan = due(load, self.seconds, Random(self._seed))  # noqa: S311 - the same day for the same seed

        def made() -> Iterator[DueMessage]:
            for number, (at, kind) in enumerate(plan, 1):
                yield DueMessage(at, kind, letters.next(kind))
                if number % REPORT_EVERY == 0:
                    say(f"{number:,} of {load.total:,} letters are written")

        keep(self._letters, made())

    def run(self, pid: int, desks: Desks, say: Say) -> WorkDone:
        """Run from midnight to midnight until everything has settled. Returns the office work. pid: the supervisor. Raises
        CivicmailError if the office workers stopped."""
        self._others[desks.pid] = AT_DESKS
        self._began = time.monotonic()
        desks.begin(self._began)
        with ThreadPoolExecutor(1) as pool:
            try:
                sent = pool.submit(self.traffic.run, kept(self._letters), max(60.0, self.seconds / HOURS))
                self._watch(sent, pid, desks, say)
            finally:
                self.traffic.stop.set()
        sent.result()
        self.roles.sample(pid, self._others)
        worked = desks.end()
        incidents.stop(self.incidents)
        end, at_it = time.monotonic() + SETTLE_SECONDS, True
        while (at_it or self.watch.open) and time.monotonic() < end:
            at_it = self.thief.is_at_it  # what came before the last look is seen by it
            self._look(pid)
        self.roles.sample(pid, self._others)
        return worked

    @property
    def _hour(self) -> float:
        return (time.monotonic() - self._began) * HOURS / self.seconds

    def _watch(self, sent: Future[None], pid: int, desks: Desks, say: Say) -> None:
        last_hour = -1
        while not sent.done():
            hour = self._hour
            for words in incidents.play(self.incidents, min(hour, HOURS)):
                self.happened.append((hour, words))
                say(f"{clock(hour)}  {words}")
            self._look(pid)
            desks.require_open()
            if int(hour) > last_hour and hour < HOURS:
                last_hour = int(hour)
                watch = self.watch
                say(f"{clock(last_hour)}  {watch.captures:,} archived, {watch.open:,} under way, {self.traffic.put_off:,} put off")

    def _look(self, pid: int) -> None:
        self.watch.update()
        if time.monotonic() >= self._again:  # a look at all threads of all processes is dear
            self._again = time.monotonic() + ROLES
            self.roles.sample(pid, self._others)
        time.sleep(LOOK)

    def weigh(self) -> None:
        """Measure disk use after all processes ended, with journals truncated to their content."""
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
