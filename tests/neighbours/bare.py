"""A bare Debian 13 whose first process is systemd, with files and a network of its own: what an IT department begins with.

Its root is made once by mmdebstrap and kept (see cleanroot.kept). The packages that a page wants lie in its cache of apt, so that
the machine needs no Internet. Needs root.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from neighbours.cleanroot import SUITE, kept
from neighbours.machine import Machine
from neighbours.process import scratch_folder

HERE, THERE = "198.18.19.1", "198.18.19.2"
"""This machine and that one, of a network between the two (RFC 2544)."""
_FIRST = "systemd-sysv,dbus,iproute2,procps"
_DOWNLOAD = 'chroot "$1" apt-get install -y --no-install-recommends --download-only '


def root(wanted: Sequence[str]) -> Path:
    """The folder of a root in which these packages, some in each text, can be installed; made in a minute or two where it is not
    there yet. What a package needs depends on what comes with it."""
    made = kept() / f"{SUITE}-{hashlib.sha256(f'{_FIRST} {wanted}'.encode()).hexdigest()[:12]}"
    if not made.exists():
        begun = made.with_name(f"{made.name}.{os.getpid()}")
        subprocess.run(
            [
                "mmdebstrap", "--variant=minbase", f"--include={_FIRST}", "--skip=cleanup/apt,cleanup/tmp",
                *(f"--customize-hook={_DOWNLOAD}{some}" for some in wanted), "--format=directory", SUITE, begun,
            ],
            check=True, capture_output=True, timeout=1800,
        )  # fmt: skip
        begun.rename(made)
    return made


class Bare(Machine):
    """Use it with `with`; it is reached at THERE."""

    fills = """\
rm -rf "$root"/usr/lib/systemd/system/*.wants
mkdir -p "$root/run/lock"
printf '127.0.0.1 localhost\\n::1 localhost\\n' >"$root/etc/hosts"
"""
    apart = True

    def __init__(self, lower: Path) -> None:
        self.lower = lower
        self._link = f"bare{os.getpid()}"
        super().__init__(scratch_folder("bare"))

    def _binds(self) -> list[str]:
        return []

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.run("systemd-tmpfiles", "--create", "--prefix=/run/log/journal", check=False)  # who may read the journal
            first = str(self.first())
            self._ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", first)
            self._ip("address", "add", f"{HERE}/24", "dev", self._link)
            self._ip("link", "set", self._link, "up")
            self.run("ip", "address", "add", f"{THERE}/24", "dev", "eth0")
            self.run("ip", "link", "set", "eth0", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["ip", "link", "delete", self._link], capture_output=True, check=False)
        super().__exit__()
        with suppress(OSError):
            self.data.rmdir()

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread's new sockets are of that machine's network."""
        ours = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        theirs = os.open(f"/proc/{self.first()}/ns/net", os.O_RDONLY)
        try:
            os.setns(theirs, os.CLONE_NEWNET)
            yield
        finally:
            os.setns(ours, os.CLONE_NEWNET)
            os.close(ours)
            os.close(theirs)
