"""Cost of processes from /proc and wait4: CPU seconds, peak resident memory, bytes on disk."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from civicmail.front.sample.process_costs import children

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """wall and cpu in seconds (user and system, of everything it started); peak in MiB, of the largest process."""

    wall: float
    cpu: float
    peak: float


def measured(command: Sequence[str]) -> Cost:
    """Run a command to its end, and what it leaves behind to theirs. Raises RuntimeError with its last words when it fails."""
    _take_orphans()
    others = set(children(os.getpid()))
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {errors.decode(errors='replace')[-2000:]}")
    wall = time.monotonic() - began
    spent = [usage, *(os.wait4(pid, 0)[2] for pid in children(os.getpid()) if pid not in others)]
    return Cost(wall, sum(u.ru_utime + u.ru_stime for u in spent), max(u.ru_maxrss for u in spent) / 1024)


def _take_orphans() -> None:
    """Adopt orphans below us, so that their CPU time is counted."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def bytes_below(folder: Path) -> int:
    """Bytes that files below a folder occupy on the disk."""
    return sum(512 * p.lstat().st_blocks for p in folder.rglob("*") if p.is_file())
