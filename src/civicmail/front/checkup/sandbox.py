"""Check the sandbox of the processes that read hostile files (core/sandbox): one finding for each kernel feature."""

from __future__ import annotations

import os
from collections.abc import Iterator

from civicmail.core.sandbox import confine, syscalls
from civicmail.front.checkup.findings import Finding, Installation

KERNEL = "Use a kernel that has it (Linux 5.13 or newer), and let services have it."


def readers(_p: Installation) -> Iterator[Finding]:
    """Calls of the architecture, files, namespaces, memory."""
    missing, machine = confine.try_in_child(), os.uname().machine
    if (why := missing.get("seccomp")) is None:
        text = f"Readers of hostile files have {syscalls.count(machine)} system calls of {machine} and no others (seccomp)."
        yield Finding("readers", "ok", text)
    else:
        text = f"Readers of hostile files have all system calls of {machine}: {why}."
        known = " or ".join(syscalls.MACHINES)
        yield Finding(
            "readers", "problem", text, f"Run it on {known} with seccomp: a reader that is taken over reaches the network here."
        )
    if (why := missing.get("landlock")) is None:
        yield Finding("readers", "ok", "They open no file but the program's own and fonts (Landlock).")
    else:
        yield Finding("readers", "warning", f"They can open whatever the program's user can: no Landlock ({why}).", KERNEL)
    if (why := missing.get("namespaces")) is None:
        yield Finding("readers", "ok", "They live in namespaces of users, networks and memory of their own.")
    else:
        text = f"They live in the machine's own namespaces: {why}."
        yield Finding("readers", "ok" if not _weak(missing) else "warning", text, KERNEL if _weak(missing) else "")
    if (why := missing.get("cgroup")) is None:
        yield Finding("readers", "ok", "The memory of all readers of a service is counted in a cgroup.")
    else:
        yield Finding("readers", "ok", f"Memory is limited for each reader (rlimit), and not for all together: {why}.")


def _weak(missing: confine.Missing) -> bool:
    """Whether only namespaces would contain a reader, because seccomp or Landlock is missing."""
    return "seccomp" in missing or "landlock" in missing
