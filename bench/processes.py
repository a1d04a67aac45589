"""What processes cost, from /proc and wait4: seconds of CPU, peak of resident memory, bytes on the disk."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """wall and cpu in seconds (user and system, of everything it started); peak in MiB, of the largest process."""

    wall: float
    cpu: float
    peak: float


def measured(command: Sequence[str]) -> Cost:
    """Run a command to its end, and what it leaves behind to theirs. Raises RuntimeError with its last words when it fails."""
    _take_orphans()
    others = set(_children(os.getpid()))
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {said.decode(errors='replace')[-2000:]}")
    wall = time.monotonic() - began
    spent = [usage, *(os.wait4(pid, 0)[2] for pid in _children(os.getpid()) if pid not in others)]
    return Cost(wall, sum(u.ru_utime + u.ru_stime for u in spent), max(u.ru_maxrss for u in spent) / 1024)


def _take_orphans() -> None:
    """Whoever outlives a parent below us becomes our child, so that its time is counted: a limited process ends after the parser
    that it worked for."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in thread.read_text().split()]
        except OSError:  # it ended while we looked
            continue
    return found


def family(pid: int) -> list[int]:
    """A process and everything below it."""
    found = [pid]
    for one in found:  # it grows meanwhile
        found += _children(one)
    return found


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


def peak(pid: int) -> float:
    """The most memory that was ever resident, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def role(pid: int) -> str:
    """What a process of ours does: "gateway", "worker mail", …; "supervisor" for the one above."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if "run" not in words:
        return words[0]
    after = [w for w in words[words.index("run") + 1 :] if w]
    if not after or after[0].startswith("-"):
        return "supervisor"
    return f"worker {after[after.index('--job') + 1]}" if "--job" in after else after[0]


def bytes_below(folder: Path) -> int:
    """Bytes that files below a folder occupy on the disk."""
    return sum(512 * p.lstat().st_blocks for p in folder.rglob("*") if p.is_file())
