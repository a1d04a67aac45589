"""A cgroup for the sandboxed readers of a service, which limits their memory together, the kernel's included (cgroups(7)).

systemd delegates a part of the tree to a service that requests it (Delegate=, DelegateSubgroup=); no other part is changed.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

TREE = Path("/sys/fs/cgroup")
NAME = "readers"
MAX_PROCESSES = 256
_MIN_MEMORY = 2 << 30
_MARK = "user.delegate"  # on what systemd has handed over


def join(tree: Path = TREE, own: str | None = None) -> None:
    """Move this process there. Raises OSError where there is none: nothing was handed to us, or the tree cannot be written."""
    group = handed_over(tree, _own() if own is None else own) / NAME
    group.mkdir(exist_ok=True)
    (group.parent / "cgroup.subtree_control").write_text("+memory +pids")
    (group / "memory.max").write_text(str(memory_limit()))
    (group / "pids.max").write_text(str(MAX_PROCESSES))
    (group / "cgroup.procs").write_text(str(os.getpid()))


def handed_over(tree: Path, own: str) -> Path:
    """The part of the tree that the service of this process has. own: path of its cgroup in the tree. Raises OSError."""
    service = (tree / own.strip("/")).parent
    if not own.strip("/") or not _is_handed_over(service):
        raise OSError(errno.ENOENT, "no cgroup was handed to this service (Delegate=, DelegateSubgroup=)")
    return service


def memory_limit() -> int:
    """Bytes that all readers of a service may have: half of the machine."""
    return max(_MIN_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)


def _is_handed_over(folder: Path) -> bool:
    try:
        return os.getxattr(folder, _MARK) == b"1"
    except OSError:
        return False


def _own() -> str:
    """Path of the cgroup of this process."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[3:]
    raise OSError(errno.ENOENT, "no cgroup of version 2")
