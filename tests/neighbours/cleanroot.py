"""A clean Debian 13 in a folder, made by mmdebstrap, in which packages are installed and commands run (chroot). Needs root.

The first one is kept packed for the next test (see `kept`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

from neighbours.process import program, scratch_folder

SUITE = "trixie"
_MOUNTS = ("proc", "dev", "dev/shm")


def kept() -> Path:
    """Where roots are kept: the folder that CIVICMAIL_ROOTS names, else the cache of whoever tests."""
    folder = Path(os.environ.get("CIVICMAIL_ROOTS") or Path.home() / ".cache" / "civicmail-roots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class CleanRoot:
    """Use it with `with`. root: where its files are; packages: of Debian, besides the smallest set."""

    def __init__(self, *packages: str) -> None:
        self.place = scratch_folder("cleanroot")
        self.root = self.place / "root"
        self._packages = packages

    def __enter__(self) -> Self:
        try:
            self.root.mkdir()
            subprocess.run(["tar", "--extract", "--file", self._packed(), "--directory", self.root], check=True)
            shutil.copyfile("/etc/resolv.conf", self.root / "etc" / "resolv.conf")
            for name in _MOUNTS:
                (self.root / name).mkdir(exist_ok=True)
                subprocess.run(["mount", "--bind", f"/{name}", self.root / name], check=True)
            self.run("apt-get", "update", "--quiet=2")
            if self._packages:
                self.install(*self._packages)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(_MOUNTS):
            subprocess.run(["umount", "--lazy", self.root / name], check=False, capture_output=True)
        subprocess.run(["rm", "--recursive", "--force", "--one-file-system", self.place], check=False)

    def install(self, *packages: str) -> str:
        """By apt, with what they depend on and nothing more; a package of ours by its path in the root."""
        return self.run("apt-get", "install", "--yes", "--no-install-recommends", *packages)

    def run(self, *command: str, user: str = "root", check: bool = True) -> str:
        """A command in there; what it prints."""
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
        who = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user != "root" else []
        done = subprocess.run(
            [program("chroot"), self.root, *clean, *who, *command], capture_output=True, text=True, timeout=600, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout + done.stderr

    def start(self, *command: str, user: str) -> subprocess.Popen[bytes]:
        """A process in there; whoever started it ends it."""
        who = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"]
        return subprocess.Popen(
            [program("chroot"), self.root, "env", "-i", "PATH=/usr/bin:/bin", *who, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _packed(self) -> Path:
        packed = kept() / f"{SUITE}.tar"
        if not packed.exists():
            new = self.place / "new.tar"
            subprocess.run([program("mmdebstrap"), "--quiet", "--variant=minbase", SUITE, new], check=True)
            shutil.move(new, packed)
        return packed
