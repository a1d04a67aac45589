"""A scratch installation on free ports of this machine."""

from __future__ import annotations

import errno
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

from civicmail.city import law
from civicmail.city.law import adopted, shipped
from civicmail.city.law.errors import NotInForce
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import LaterError
from civicmail.core.config.settings import Containment
from civicmail.core.disk.files import OS_FILES
from civicmail.mail.archive import classes, layout

_SETTINGS = """\
# The sample city of `civicmail demo`.
[city]
name = "Sample City"
domains = ["city.example"]

[gateway]
min_free = {min_free}

[[gateway.listener]]
kind = "mx"
address = "127.0.0.1"
port = {ports.mx}

[[gateway.listener]]
kind = "relay"
address = "127.0.0.1"
port = {ports.relay}

{people}[courier]
local = "maildir"
outbound = "smtp://127.0.0.1:{world}"
retry_first = {retry}

{more}[web]
port = {ports.web}
{pages}
[log]
level = "warning"
"""


_PEOPLE = """\
[[gateway.listener]]
kind = "submission"
address = "127.0.0.1"
port = {port}
tls = "implicit"
certificate = "{certificate}"
key = "{key}"

"""

_PORTS = range(20_000, 32_768)
_BLOCK = 128


class Ports(NamedTuple):
    """Ports for strangers, for the city's own programs, for browsers, and for people who sign in (0: off)."""

    mx: int
    relay: int
    web: int
    people: int = 0


class _PortChooser:
    """Ports that this process may choose: blocks of them, which no other process that chooses here has meanwhile."""

    def __init__(self) -> None:
        self._process = 0
        self._blocks: list[int] = []
        self._left: list[int] = []

    def next(self) -> int:
        """A port not chosen before. Raises OSError if there are none."""
        if self._process != os.getpid():  # a fork would choose what the process does that it came from
            self._process, self._blocks, self._left = os.getpid(), [], []
        if not self._left:
            self._left = self._block()
        return self._left.pop()

    def _block(self) -> list[int]:
        for first in SystemRandom().sample(_PORTS[::_BLOCK], len(_PORTS[::_BLOCK])):
            if (block := _reserve(f"ports from {first}")) is not None:
                self._blocks.append(block.detach())  # until this process ends
                return list(range(first, min(first + _BLOCK, _PORTS.stop)))[::-1]
        if self._blocks:  # it has had all: from the beginning
            self._close()
            return self._block()
        raise OSError(errno.EADDRINUSE, "Every port is in use.")

    def _close(self) -> None:
        for block in self._blocks:
            os.close(block)
        self._blocks = []


_chooser = _PortChooser()


def free_ports(count: int) -> list[int]:
    """Different ports on which nobody listened a moment ago, and which no other process is given as long as this one lives, below
    those that systems lend to connections (ip(7), ip_local_port_range): one of these may be a client's before anybody listens on
    it. Raises OSError where there are none."""
    ports: list[int] = []
    for _ in range(2 * len(_PORTS)):
        if len(ports) == count:
            return ports
        if (port := _chooser.next()) not in ports and is_free(port):
            ports.append(port)
    raise OSError(errno.EADDRINUSE, "Every port is in use.")


def claimed(port: int) -> socket.socket | None:
    """Claim a port until the socket closes or the process ends; None if it is claimed or in use."""
    claim = _reserve(f"port {port}")
    if claim is None or is_free(port):
        return claim
    claim.close()
    return None


def _reserve(what: str) -> socket.socket | None:
    """Something that one process at a time may say; None where another does. Its name is of the network as ports are, and leaves no
    file behind (unix(7)): an abstract one."""
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0civicmail {what}")
    except OSError:
        claim.close()
        return None
    return claim


def is_free(port: int) -> bool:
    """Whether the port is free now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def wait_for(ports: Ports, data: Path, seconds: float = 30) -> None:
    """Until both listeners greet. Raises LaterError when they do not."""
    end = time.monotonic() + seconds
    for port in ports[:2]:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as wire:
                wire.settimeout(2)
                if wire.recv(4) == b"220 ":
                    break
            if time.monotonic() > end:
                raise LaterError(f"The gateway did not start within {seconds:.0f} seconds; {data / 'run.log'} may say why.")
            time.sleep(0.05)


def settings(
    ports: Ports,
    world: int,
    *,
    min_free: int = 64 << 20,
    resolver: str = "",
    retry: int = 60,
    pace: float = 1,
    certificate: tuple[Path, Path] | None = None,
    pages: str = "",
) -> str:
    """The settings file. world: port of the server that takes outgoing mail; resolver: "" for the system's; retry: seconds until a
    second attempt; pace: how much more than usual one of these people sends within an hour; certificate: and
    its key, for whoever signs in; pages: where links in mail lead,
    those to unknown hosts, too; "" for nowhere."""
    door = _PEOPLE.format(port=ports.people, certificate=certificate[0], key=certificate[1]) if certificate else ""
    resolver_lines = f'[screening]\nresolver = ["{resolver}"]\n\n' if resolver else ""
    if pace != 1:
        most = Containment()
        usual = {name: round(getattr(most, name) * pace) for name in ("outside", "inside", "service")}
        resolver_lines += "[containment]\n" + "".join(f"{name} = {count}\n" for name, count in usual.items()) + "\n"
    where = f'url = "{pages}"\n\n[marks]\nlinks = ["*"]\n' if pages else ""
    return _SETTINGS.format(ports=ports, world=world, min_free=min_free, retry=retry, people=door, more=resolver_lines, pages=where)


def make(data: Path, text: str) -> str:
    """Make the data folder as `civicmail init` does, with these settings; returns the recovery key."""
    OS_FILES.make_folder(data)
    recovery = layout.make(data)
    OS_FILES.replace(data / "civicmail.toml", text.encode())
    return recovery


def adopt_law(data: Path) -> None:
    """Adopt the law pack that new installations are offered; none if it has ended, as a real city would have none."""
    with suppress(NotInForce):
        adopted.adopt(data, shipped.text(shipped.OFFERED), by="sample-city", at=now_ms(), today=datetime.now(UTC).date())


def adopt_schedules(data: Path) -> None:
    """Put the sample city's retention schedules into force."""
    text = Path(law.__file__).with_name("schedules.toml").read_text(encoding="utf-8")
    classes.adopt(data, text, actor="sample-city", reason="Common Council, file 260017", now=now_ms())
