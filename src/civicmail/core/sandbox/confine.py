"""What a process that reads hostile files gives up before the first of them, each piece where the machine has it.

Always: memory, size of files, number of open files, core files. Landlock: all files but the program's own and fonts. seccomp: the
network, other processes, starting programs. None of it needs root. `in_force` says what this machine has; `doctor` shows it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from civicmail.core.sandbox import landlock, seccomp

FONTS = (Path("/usr/share/fonts"), Path("/etc/fonts"))
_OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1


def own_files() -> tuple[Path, ...]:
    """Where the interpreter, its libraries and this program lie: what a late import reads."""
    paths = sysconfig.get_paths()
    ours = Path(__file__).parents[3]
    named = {Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (*sorted(named), ours / "civicmail", Path(sys.base_prefix) / "lib")


def confine(memory: int, *, programs: Iterable[Path] = ()) -> tuple[str, ...]:
    """Give up what text does not need, for good; says what was done. memory: bytes of address space. programs: folders whose
    programs may be started (and files read), empty for none."""
    start = tuple(programs)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    done = ["limits"]
    with contextlib.suppress(OSError):
        landlock.lock([*own_files(), *FONTS], start, [Path(os.devnull)])
        done.append("landlock")
    with contextlib.suppress(OSError):
        seccomp.lock(programs=bool(start))
        done.append("seccomp")
    return tuple(done)


def cpu_seconds(seconds: int) -> None:
    """The processor time that this process may use from now on; then it is killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def in_force() -> tuple[str, ...]:
    """What confine() can do on this machine."""
    found = ["limits"]
    if landlock.abi():
        found.append("landlock")
    if seccomp.known():
        found.append("seccomp")
    return tuple(found)
