"""Containers of podman apart from those of this machine: images, volumes and processes of one test, gone afterwards. Needs root.

No registry is asked: the base is made of Debian's packages, and stands where the files of deploy/container name theirs.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from neighbours.process import scratch_folder
from neighbours.shipped import DEPLOY

BASE = "localhost/base:trixie"
_SUITE = "trixie"
_PYTHON = ("python3.13", "python3.13-venv", "ca-certificates")
_CONF = """\
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=20000:20000", "nproc=60000:60000"]
[engine]
cgroup_manager = "cgroupfs"
"""
_APART = """\
set -e
mount --make-rprivate /
mkdir -p /var/lib/containers /run/containers
mount -o bind "$PLACE/images" /var/lib/containers
mount -t tmpfs tmpfs /run/containers
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
: >"$PLACE/ready"
exec sleep infinity
"""
"""Where cgroups are of both versions, the runtime wants to see the second alone."""
# the machine's network may have an authority of its own
_MAKE_BASE = """\
set -e
c=$(buildah from scratch)
buildah add -q "$c" "$PLACE/base.tar" / >"$PLACE/added"
m=$(buildah mount "$c")
ln -sf /usr/bin/python3.13 "$m/usr/local/bin/python"
cp /etc/ssl/certs/ca-certificates.crt "$m/etc/ssl/certs/"
buildah umount "$c" >"$PLACE/unmounted"
buildah config --env PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin "$c"
for name in PIP_CERT SSL_CERT_FILE; do buildah config --env "$name=/etc/ssl/certs/ca-certificates.crt" "$c"; done
buildah commit -q "$c" "$BASE" >"$PLACE/committed"
buildah rm "$c" >"$PLACE/removed"
"""


class Containers:
    """Use it with `with`. root: the checkout whose files are built. environment: what compose reads; nothing
    of ours that whoever tests has set, for compose.yaml has names of its own that begin so."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._place = scratch_folder("containers")
        (self._place / "images").mkdir()
        (self._place / "containers.conf").write_text(_CONF)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CIVICMAIL")},
            **environment,
            "PLACE": str(self._place),
            "BASE": BASE,
            "CONTAINERS_CONF": str(self._place / "containers.conf"),
            "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
        }

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(["unshare", "--mount", "sh", "-c", _APART], env=self._environment, start_new_session=True)
        while not (self._place / "ready").exists():
            assert self._process.poll() is None, "no namespace for containers here"
        return self

    def __exit__(self, *_: object) -> None:
        self.run("podman", "rm", "--all", "--force", "--time", "5", check=False)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._place, ignore_errors=True)

    def run(self, *command: str, check: bool = True, text: str = "", seconds: float = 1800) -> str:
        """What a command prints, on both channels. text: what it reads."""
        done = subprocess.run(
            ["nsenter", "--target", str(self._process.pid), "--mount", "env", "-C", str(self._root), *command],
            env=self._environment, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}: {done.stdout[-3000:]}"
        return done.stdout

    def build(self) -> None:
        """The images that compose.yaml names, each by its own file, upon Debian's packages of today."""
        self.run("mmdebstrap", "--variant=minbase", f"--include={','.join(_PYTHON)}", _SUITE, str(self._place / "base.tar"))
        self.run("sh", "-c", _MAKE_BASE)
        built = ("buildah", "build", "--quiet", "--format", "docker", "--isolation", "chroot", "--layers")
        limits = ("--ulimit", "nofile=20000:20000", "--ulimit", "nproc=60000:60000")
        for target in ("postgresql", "postfix", "dovecot"):
            which = ("--build-arg", f"DEBIAN={BASE}", "--target", target, "--tag", f"localhost/civicmail-{target}")
            self.run(*built, *limits, *which, "--file", str(DEPLOY / "container" / "Neighbours"), ".")
        which = ("--build-arg", f"BASE={BASE}", "--tag", "localhost/civicmail")
        self.run(*built, *limits, *which, "--file", str(DEPLOY / "container" / "Containerfile"), ".")

    def compose(self, *words: str) -> str:
        return self.run("podman-compose", "--file", str(DEPLOY / "container" / "compose.yaml"), *words)

    def inside(self, service: str, *command: str, text: str = "", check: bool = True) -> str:
        """What a command prints in the container of a service."""
        return self.run("podman", "exec", "--interactive", f"civicmail_{service}_1", *command, text=text, check=check)
