"""Drop the privileges of a process before it reads hostile files, each restriction where the machine supports it.

Always: memory, size of files, number of open files, core files, and the capabilities of root. seccomp: all system calls but those
of a reader (syscalls.py). Landlock: all files but the program's own and fonts. Namespaces: rights over anything outside. A cgroup:
memory that limits of a process do not count. None of it needs root. `try_in_child` tests what this machine supports; `doctor` shows
it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import sysconfig
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from civicmail.core.sandbox import cgroup, landlock, namespaces, seccomp

FONTS = (Path("/usr/share/fonts"), Path("/etc/fonts"))
PIECES = ("cgroup", "namespaces", "landlock", "seccomp")
_OPEN_FILES = 64
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_TRIAL = (sys.executable, "-I", "-c", "from civicmail.core.sandbox import confine; confine._try_here()")
_TRIAL_SECONDS = 20.0

Missing = dict[str, str]
"""Piece -> why this machine has it not; empty where all are in force."""


def own_files() -> tuple[Path, ...]:
    """Folders of the interpreter, its libraries and this program, which late imports read."""
    paths = sysconfig.get_paths()
    ours = Path(__file__).parents[3]
    named = {Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (*sorted(named), ours / "civicmail", Path(sys.base_prefix) / "lib")


def settle() -> Missing:
    """The part of confine() that may precede a fork: the namespaces of the process. Raises nothing."""
    missing = Missing()
    _where_it_is(missing, "cgroup", cgroup.join)
    _where_it_is(missing, "namespaces", namespaces.enter)
    return missing


def confine(memory: int, *, programs: Iterable[Path] = (), settled: bool = False) -> Missing:
    """Permanently drop privileges that extracting text does not need. memory: bytes of address space. programs: folders with the
    one program that this process becomes (and files that it reads), empty for none. settled: its parent has called settle(). Raises
    OSError if the kernel has a feature and denies it."""
    start = tuple(programs)
    missing = Missing() if settled else settle()
    die_with_parent()
    with contextlib.suppress(OSError):  # a service manager that took them away does not let us drop them
        namespaces.drop_capabilities()
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(limit, (most, most))
    if landlock.abi():
        landlock.lock([*own_files(), *FONTS], start, [Path(os.devnull)])
    else:
        missing["landlock"] = "this kernel has none, or it is switched off"
    if seccomp.known():
        seccomp.lock(program=bool(start))
    else:
        missing["seccomp"] = f"there is no list of calls for {os.uname().machine}, or this kernel filters none"
    return missing


def die_with_parent() -> None:
    """The end of the thread that started this process is its end, too; and no process of the same user looks into its memory."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def cpu_seconds(seconds: int) -> None:
    """The processor time that this process may use from now on; then it is killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def in_force() -> tuple[str, ...]:
    """The restrictions that hold for every reader on this machine; others depend on who starts it."""
    measures = ["limits"]
    if landlock.abi():
        measures.append("landlock")
    if seccomp.known():
        measures.append("seccomp")
    return tuple(measures)


@cache
def try_in_child() -> Missing:
    """The restrictions that are missing in a child process."""
    import subprocess  # sandboxed processes start sooner without it

    try:
        done = subprocess.run(_TRIAL, capture_output=True, timeout=_TRIAL_SECONDS, check=False, cwd="/", stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
        return {str(piece): str(why) for piece, why in json.loads(done.stdout).items()}
    except (subprocess.TimeoutExpired, ValueError, AttributeError):
        return dict.fromkeys(PIECES, "a process that tried it has died")


def _try_here() -> None:
    """In that process."""
    print(json.dumps(confine(1 << 30)), flush=True)


def _where_it_is(missing: Missing, piece: str, take: Callable[[], None]) -> None:
    try:
        take()
    except OSError as error:
        missing[piece] = str(error.strerror or error)
