"""CPU time and peak memory of an installation's processes, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    pids: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            pids += [int(child) for child in thread.read_text().split()]
        except OSError:  # it ended while we looked
            continue
    return pids


def family(pid: int) -> list[int]:
    """A process and everything below it."""
    pids = [pid]
    for parent in pids:  # it grows meanwhile
        pids += children(parent)
    return pids


def cpu(pids: Sequence[int]) -> float:
    """Seconds of CPU of living processes and of their children that ended."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[i]) for i in (11, 12, 13, 14))
    return total / _TICKS


def own(pid: int) -> float:
    """Seconds of CPU of one living process. Raises OSError where it is none."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak(pid: int) -> float:
    """The most memory that was ever resident, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def role(pid: int) -> str:
    """The role of a process: "gateway", "worker mail", …; "supervisor", "screening.reader_request" for a sandboxed reader."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if "run" not in words:
        modules = [word for word in words if word.startswith("civicmail.")]
        return modules[-1].split(".", 2)[2] if modules else words[0]
    after = [w for w in words[words.index("run") + 1 :] if w]
    if not after or after[0].startswith("-"):
        return "supervisor"
    return f"worker {after[after.index('--job') + 1]}" if "--job" in after else after[0]


@dataclass(slots=True)
class ProcessCosts:
    """peak: role of a process -> the most memory it ever had, MiB; cpu: seconds of all processes of the installation, also of those
    that have ended; spent: role -> seconds of the processes that were seen."""

    peak: dict[str, float] = field(default_factory=dict)
    cpu: float = 0.0
    _spent: dict[int, tuple[str, float]] = field(default_factory=dict)
    _before: dict[int, float] = field(default_factory=dict)

    def sample(self, pid: int, others: Mapping[int, str]) -> None:
        """pid: of the supervisor; others: roles of processes that are not the installation's, by pid, and count from the first look
        on."""
        pids = family(pid)
        self.cpu = max(self.cpu, cpu(pids))
        for process in (*pids, *others):
            with suppress(OSError):
                if not (what := others.get(process) or role(process)):  # it has ended, and nobody has asked how
                    continue
                seconds = own(process)
                since = self._before.setdefault(process, seconds) if process in others else 0.0
                self.peak[what] = max(self.peak.get(what, 0.0), peak(process))
                self._spent[process] = what, seconds - since

    @property
    def spent(self) -> dict[str, float]:
        seconds_by_role = dict.fromkeys(self.peak, 0.0)
        for what, seconds in self._spent.values():
            seconds_by_role[what] += seconds
        return seconds_by_role
