"""One private process of a neighbour: started in a session of its own, waited for by its greeting, and wholly gone afterwards."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])  # servers live where only root looks
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def program(name: str) -> str:
    """The path of a program, also where only root looks."""
    found = shutil.which(name, path=_PATH)
    assert found, f"{name} is not here; mark the test with @pytest.mark.neighbour({name!r})"
    return found


def scratch_folder(prefix: str) -> Path:
    """A folder with a short name (unix sockets have little room) that daemons under other users can enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"cm-{prefix}-"))
    folder.chmod(0o755)
    return folder


def greeting(port: int, wanted: bytes, seconds: float = 1) -> bool:
    """Whether the port answers with these bytes. An open port alone proves little: some masters listen before they work."""
    try:
        with socket.create_connection(("127.0.0.1", port), seconds) as wire:
            wire.settimeout(seconds)
            return not wanted or wire.recv(200).startswith(wanted)
    except OSError:
        return False


class Process:
    """A running neighbour. Its children come to us when it dies, so that close can wait for all of them."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> None:
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        self.log = folder / "stdout.log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env=None if env is None else dict(env),
            )
        # ends the neighbour when we are killed: its pipe closes then
        watch = ["sh", "-c", 'read _; kill -TERM "$0" 2>/dev/null', str(self.process.pid)]
        self._guard = subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True)

    def wait_for(self, port: int, wanted: bytes = b"", seconds: float = 60) -> None:
        """Until it greets; its log is in the error when it does not."""
        self.wait_until(lambda: greeting(port, wanted), seconds)

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Until it answers a question; its log is in the error when it does not."""
        end = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                said = self.log.read_text(errors="replace")[-2000:]
                self.close()
                raise RuntimeError(f"{self.process.args!r} did not answer (exit {self.process.returncode}): {said}")
            time.sleep(0.01)

    def close(self, sign: signal.Signals = signal.SIGTERM, seconds: float = 20) -> int:
        """End it and everything it started; returns its exit code."""
        self._guard.kill()
        self._guard.communicate()
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reap(2)
        return self.process.returncode

    def kill(self) -> None:
        """End all of it at once: for neighbours that have nothing to save and take seconds to say goodbye."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.close()

    def _reap(self, seconds: float) -> None:
        group, end = self.process.pid, time.monotonic() + seconds
        while True:
            try:
                while os.waitpid(-group, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass
            try:
                os.killpg(group, 0 if time.monotonic() < end else signal.SIGKILL)
            except ProcessLookupError:
                return
            time.sleep(0.005)
