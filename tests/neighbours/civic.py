"""Our own program as a neighbour: the real processes on free ports, with a world behind them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from civicmail.city.identity.database_backup import DATABASE
from civicmail.front.sample import installation
from civicmail.front.sample.mail_tracker import MailTracker
from neighbours import forkserver, tables
from neighbours.process import Process

PROGRAM = str(Path(sys.executable).parent / "civicmail")


def civicmail(*arguments: str | Path, data: Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    """One command on a data folder."""
    return forkserver.run([*map(str, arguments), "--data", str(data)], timeout=120, check=check)


def answer(*arguments: str | Path, data: Path, check: bool = True) -> Any:
    """The last JSON object that a command says."""
    return json.loads(civicmail(*arguments, "--json", data=data, check=check).stdout.splitlines()[-1])


class Civicmail:
    """`civicmail run` on a new or an existing data folder; use it with `with`.

    role: only that one. next_hop: port for mail that leaves the city. listener: more lines of TOML for each listener; journal:
    there is a third one, for copies of another system's mail; people: TOML with the certificate of two more, where people sign in
    with STARTTLS and with TLS at once. settings: environment names below CIVICMAIL__, as
    courier__local="lmtp://…". bare: it makes its tables itself. mx, relay, journal: ports for strangers, for the city's machines,
    for copies.
    """

    def __init__(
        self,
        data: Path,
        *role: str,
        next_hop: int = 1,
        listener: str = "",
        journal: bool = False,
        people: str = "",
        bare: bool = False,
        **settings: str,
    ) -> None:
        self.data = data
        self.ports = installation.Ports(*installation.free_ports(3))
        text = installation.settings(self.ports, next_hop).replace("[[gateway.listener]]\n", f"[[gateway.listener]]\n{listener}\n")
        if journal:
            (self.journal,) = installation.free_ports(1)
            door = f'[[gateway.listener]]\nkind = "journal"\naddress = "127.0.0.1"\nport = {self.journal}\n\n'
            text = text.replace("[courier]\n", f"{door}[courier]\n")
        if people:
            self.submission, self.implicit = installation.free_ports(2)
            for port, tls in ((self.submission, "starttls"), (self.implicit, "implicit")):
                door = f'[[gateway.listener]]\nkind = "submission"\nport = {port}\ntls = "{tls}"\n{people}\n\n'
                text = text.replace("[courier]\n", f"{door}[courier]\n")
        if data.exists():
            (data / "civicmail.toml").write_text(text)
        else:
            installation.make(data, text)
            if not bare and "database__url" not in settings:
                tables.lay(data)
        self._env = os.environ | {"CIVICMAIL__GATEWAY__MAX_PER_ADDRESS": "1000"}
        self.set(**settings)
        self._command = [PROGRAM, "run", *role, "--data", str(data)]

    def set(self, **settings: str) -> None:
        """More settings, for the next start."""
        self._env |= {f"CIVICMAIL__{key.upper()}": value for key, value in settings.items()}

    @property
    def mx(self) -> int:
        return self.ports.mx

    @property
    def relay(self) -> int:
        return self.ports.relay

    @property
    def pid(self) -> int:
        return self._running.process.pid

    def __enter__(self) -> Civicmail:
        self._running = Process(self._command, self.data, self._env)
        for port in (self.mx, self.relay):
            self._running.wait_for(port, b"220 ")
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def is_ready(self) -> bool:
        """Whether its pages can be shown."""
        wire = http.client.HTTPConnection("127.0.0.1", self.ports.web, timeout=60)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(wire):
            wire.request("GET", "/readyz")
            return wire.getresponse().status == 200
        return False

    def interrupt(self) -> float:
        """Ctrl-C, which every process hears; seconds until the last has ended."""
        began = time.monotonic()
        os.killpg(self.pid, signal.SIGINT)
        self._running.process.wait(60)
        return time.monotonic() - began

    def kill(self) -> None:
        """SIGKILL to every process at the same moment."""
        os.killpg(self.pid, signal.SIGKILL)
        self._running.close()

    def child(self, words: str) -> int:
        """One of the processes, named by words of its command line."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line, parent = (
                    path.read_bytes().replace(b"\0", b" "),
                    (path.parent / "stat").read_text().rpartition(")")[2].split()[1],
                )
            except OSError:
                continue
            if int(parent) == self.pid and words.encode() in line:
                return int(path.parent.name)
        raise AssertionError(f"no process of {self.pid} says {words!r}")

    def end_child(self, words: str, sign: signal.Signals) -> None:
        """Send a signal to one of the processes, once it is there; the supervisor starts it again."""
        os.kill(self.live_child(words), sign)

    def live_child(self, words: str) -> int:
        """As child, of a process that may not have begun: people's side begins after the mail path."""
        end = time.monotonic() + 60
        while True:
            try:
                return self.child(words)
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    @contextlib.contextmanager
    def resting(self, words: str) -> Iterator[None]:
        """One of the processes stands still, outside of any transaction: for a test of what it would put right within seconds, as
        the city worker does with files that are not as its tables have them."""
        pid = self.live_child(words)
        while not self._is_still(pid):
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.01)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _is_still(self, pid: int) -> bool:
        """Stop it; False where it was about to write rows, and nobody else could."""
        os.kill(pid, signal.SIGSTOP)
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.001)
        try:
            with contextlib.closing(sqlite3.connect(self.data / DATABASE, timeout=0, isolation_level=None)) as rows:
                rows.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True

    @property
    def environment(self) -> dict[str, str]:
        """What it is started with."""
        return dict(self._env)

    def log(self) -> str:
        return self._running.log.read_text(errors="replace")

    def mailbox(self, address: str) -> list[bytes]:
        """The messages in a local mailbox."""
        local, _, domain = address.partition("@")
        return [p.read_bytes() for p in sorted((self.data / "maildir" / domain / local).glob("new/*"))]

    def wait(self, until: Callable[[MailTracker], bool] | None = None, *, captures: int = 0, seconds: float = 60) -> MailTracker:
        """Watch until so many captures are there and all are delivered and found, or until the condition holds."""
        stage = MailTracker(self.data)
        end = time.monotonic() + seconds
        while True:
            stage.update()
            if until(stage) if until else (len(stage.acts) >= captures and stage.is_over):
                return stage
            assert time.monotonic() < end, f"{len(stage.acts)} captures: {list(stage.acts.values())[:3]}\n{self.log()[-3000:]}"
            time.sleep(0.05)
