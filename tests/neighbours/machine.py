"""A machine beside this one whose first process is systemd: it starts the units of deploy/systemd as they are shipped.

It is a set of namespaces: files of its own over this machine's (overlayfs, gone afterwards), processes of its own, a part of the
cgroup tree, and this machine's network, so that a test reaches its ports and it reaches the test's neighbours. Needs root.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from neighbours.process import program, scratch_folder
from neighbours.shipped import DEPLOY

ROOT = Path(__file__).parents[2]
SYSTEMD = Path("/lib/systemd/systemd")
USER = "civicmail"
_OUTER = """\
set -e
mount --make-rprivate /
mount -t cgroup2 cgroup2 "$PLACE/cgroup"
mkdir "$PLACE/cgroup/$NAME"
echo $$ >"$PLACE/cgroup/$NAME/cgroup.procs"
umount "$PLACE/cgroup"
exec unshare $NET --cgroup --pid --mount --uts --ipc --fork --kill-child sh -c "$INNER"
"""
_MOUNTS = """\
set -e
[ -z "$NET" ] || ip link set lo up
root=$PLACE/root
mount -t tmpfs -o mode=755 tmpfs "$PLACE/over"
mkdir "$PLACE/over/upper" "$PLACE/over/work"
mount -t overlay -o "lowerdir=$LOWER,upperdir=$PLACE/over/upper,workdir=$PLACE/over/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -o bind /proc/sys "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do : >"$root/dev/$name"; mount -o bind "/dev/$name" "$root/dev/$name"; done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue" "$root/dev/hugepages"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
"""
_OURS = """\
rm -rf "$root"/etc/systemd/system "$root"/usr/lib/systemd/system/*.wants
mkdir -p "$root/etc/systemd/system"
sh -c "$BINDS"
cp "$UNITS"/* "$root/etc/systemd/system/"
install -D "$ALERT" "$root/usr/libexec/civicmail-alert"
printf '#!%s\\n' /opt/civicmail/.venv/bin/python | cat - "$PLACE/program" >"$root/usr/bin/civicmail"
chmod 755 "$root/usr/bin/civicmail"
chroot "$root" useradd --system --home-dir /var/lib/civicmail --shell /usr/sbin/nologin civicmail 2>/dev/null || true
"""
_BEGIN = """\
cd "$root"
mkdir .outside
pivot_root . .outside
umount -l /.outside
exec env -i container=civicmail PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --show-status=0 \
    --unit=basic.target
"""


def is_possible() -> bool:
    """Whether this machine lets us have one; a container seldom does."""
    at = "/mnt"
    steps = [
        f"mount -t tmpfs tmpfs {at}",
        f"mkdir {at}/u {at}/w {at}/m",
        f"mount -t cgroup2 cgroup2 {at}/m",
        f"umount {at}/m",
        f"mount -t overlay -o lowerdir=/etc,upperdir={at}/u,workdir={at}/w overlay {at}/m",
    ]
    command = ["unshare", "--mount", "sh", "-c", " && ".join(steps)]
    return SYSTEMD.exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


class Machine:
    """Use it with `with`. data: a folder of this machine that is /var/lib/civicmail there. places: further folders of this machine,
    by their names there. environment: what every service is started with, besides."""

    lower = Path("/")
    """What it begins with."""
    fills = _OURS
    """How the program and its units come to it."""
    apart = False
    """Whether it has a network of its own."""

    def __init__(self, data: Path, places: Mapping[str, Path] | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self._places = {"/var/lib/civicmail": data, **(places or {})}
        self._environment = dict(environment or {})
        self._place = scratch_folder("machine")
        for name in ("root", "over", "cgroup"):
            (self._place / name).mkdir()
        packages = Path(sys.executable).parents[1]
        script = (packages / "bin" / "civicmail").read_text().partition("\n")[2]
        (self._place / "program").write_text(script)
        (self._place / "paths").write_text("/opt/civicmail/src\n")
        self._log = self._place / "console"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        env = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PLACE": str(self._place),
            "NAME": self._place.name,
            "INNER": _MOUNTS + self.fills + _BEGIN,
            "LOWER": str(self.lower),
            "NET": "--net" if self.apart else "",
            "BINDS": "\n".join(["set -e", *self._binds()]),
            "UNITS": str(DEPLOY / "systemd"),
            "ALERT": str(DEPLOY / "alerts" / "civicmail-alert"),
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [program("unshare"), "--mount", "sh", "-c", _OUTER],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait()
            self.run("systemctl", "start", "systemd-journald.service")
            self.run("systemctl", "log-target", "journal")
            if self._environment:
                self.run("systemctl", "set-environment", *(f"{key}={value}" for key, value in self._environment.items()))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # its first process goes with it, and with that one all others
            self._process.wait()
        shutil.rmtree(self._place, ignore_errors=True)

    def run(self, *command: str, check: bool = True, user: str = "", text: str = "", seconds: float = 120) -> str:
        """A command on that machine; what it prints. user: whose it is, root's otherwise; text: what it reads."""
        dropped = ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--no-new-privs"] if user else []
        where = ["nsenter", "--target", str(self.first()), "--mount", "--pid", "--uts", "--ipc", "--cgroup"]
        where += ["--net"] if self.apart else []
        clean = [
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "SYSTEMD_PAGER=",
            *(f"{k}={v}" for k, v in self._environment.items()),
        ]
        done = subprocess.run(
            [*where, *dropped, *clean, *command], input=text, capture_output=True, text=True, timeout=seconds, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def put(self, here: Path, there: str) -> None:
        """A copy of a file of ours on that machine."""
        target = Path(f"/proc/{self.first()}/root{there}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(here, target)

    def python(self, code: str) -> str:
        """Python with our packages, by the user of the units."""
        return self.run("/opt/civicmail/.venv/bin/python", "-c", code, user=USER)

    def shown(self, unit: str, *names: str) -> dict[str, str]:
        """Properties of a unit."""
        lines = self.run("systemctl", "show", f"--property={','.join(names)}", unit).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, *arguments: str) -> str:
        return self.run("journalctl", "--no-pager", "--output=short-monotonic", *arguments, check=False)

    def _binds(self) -> list[str]:
        """Commands that put the program and the places of the test into the new root."""
        packages = Path(sys.executable).parents[1]
        (paths,) = packages.glob("lib/python*/site-packages/*civicmail.pth")
        binds = {"/opt/civicmail/src": ROOT / "src", "/opt/civicmail/.venv": packages}
        lines = [
            f'mkdir -p "$root{there}" && mount -o bind "{here}" "$root{there}"' for there, here in (binds | self._places).items()
        ]
        inside = f"/opt/civicmail/.venv/{paths.relative_to(packages)}"
        lines.append(f'mount -o bind "{self._place}/paths" "$root{inside}"')
        return ["root=$PLACE/root", *lines]

    def first(self) -> int:
        """systemd's number on this machine: the only child of the only child of what we started."""
        assert self._process is not None
        text = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(text[0])

    def _wait(self, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while True:
            with suppress(AssertionError, OSError, IndexError, subprocess.TimeoutExpired):
                if self.run("systemctl", "is-active", "basic.target", check=False).strip() == "active":
                    return
            assert self._process is not None
            assert self._process.poll() is None and time.monotonic() < end, self._log.read_text(errors="replace")[-3000:]
            time.sleep(0.1)
