"""PostgreSQL 17 as a scratch cluster of one run: a unix socket in a folder of its own, gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

_FAST = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0",
    "checkpoint_timeout=1h", "max_wal_size=4GB",
)  # fmt: skip
_ALWAYS = ("shared_buffers=128MB", "max_connections=100", "listen_addresses=", "timezone=UTC")
USER = "civicmail"


def programs() -> Path | None:
    """Where the programs of version 17 or later lie. Never the `postgres` of the path: that one may be older."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    return next((p for p in versions if int(p.parent.name) >= 17 and (p / "initdb").exists()), None)


class Cluster:
    """Serves from the moment it is made until close(). host: the folder of its socket; durable: with the server's own settings for
    what it commits; port: of this machine, where it listens as well, 0 for none."""

    def __init__(self, *, durable: bool = False, port: int = 0) -> None:
        where = programs()
        assert where is not None, "PostgreSQL 17 is not installed"
        self._place = Path(tempfile.mkdtemp(prefix="cm-pg-", dir="/tmp"))  # the path of a socket holds 107 bytes
        self._place.chmod(0o755)
        home = self._place / "pg"
        home.mkdir()
        drop: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(home, "postgres")
            drop = ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        self.host = str(home)
        self._run([*drop, where / "initdb", "-D", home / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                   "--no-sync", "--no-instructions"])  # fmt: skip
        listening = ("listen_addresses=127.0.0.1", f"port={port}") if port else ()
        options = [word for setting in (*_ALWAYS, *listening, *(() if durable else _FAST)) for word in ("-c", setting)]
        self._command = [
            "setpriv",
            "--pdeathsig",
            "QUIT",
            *drop,
            str(where / "postgres"),
            "-D",
            str(home / "data"),
            "-k",
            self.host,
            *options,
        ]
        self.start()

    def start(self) -> None:
        """Serve, at the beginning and again after stop()."""
        with (self._place / "log").open("ab") as log:
            self._server = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
            )
        self._wait(Path(self.host) / "data" / "postmaster.pid")

    def stop(self) -> None:
        """Gone at once, with everybody's connection, as when its machine loses power; what was committed stays."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(60)

    def _run(self, command: list[str | Path]) -> None:
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        subprocess.run(["setpriv", *map(str, command)] if command[0] == "--reuid" else command, check=True, cwd="/",
                       stdout=subprocess.DEVNULL, env=environment)  # fmt: skip

    def _wait(self, pid: Path) -> None:
        """The socket listens before the server serves; the eighth line of its file says when it is ready."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self._server.poll() is not None:
                break
            if pid.exists() and len(lines := pid.read_text().splitlines()) > 7 and lines[7].strip() == "ready":
                return
            time.sleep(0.02)
        raise AssertionError("PostgreSQL did not start: " + (self._place / "log").read_text()[-2000:])

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._place, ignore_errors=True)
