"""The supervisor: start child processes, restart them with growing pauses, stop them in order."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from civicmail.core.config.log import get_logger
from civicmail.core.config.systemd import Manager
from civicmail.front.cli.forked import ForkedProcess

DRAIN_SECONDS = 14
"""A child that has not drained by then is ended by its own alarm; the whole takes 15 seconds."""

_PR_SET_PDEATHSIG = 1
_WELL_AFTER = 60.0  # seconds alive after which a death counts as the first one again
_BEGUN_AFTER = 10.0  # seconds alive after which its settings were good
_PAUSE_FIRST, _PAUSE_MOST = 0.2, 30.0
_FINAL = frozenset({2, 3})  # usage, configuration: starting again cannot help

log = get_logger()


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when the supervisor dies, however it dies."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel was asked
        os.kill(os.getpid(), signal.SIGTERM)


def pause_before(failures: int) -> float:
    """Seconds to wait before the next start after so many deaths in a row."""
    return min(_PAUSE_MOST, _PAUSE_FIRST * float(2 ** min(failures - 1, 20))) if failures else 0.0


@dataclass
class Child:
    """A supervised process. due: monotonic time of its next start."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | ForkedProcess | None = None
    started: float = 0.0
    failures: int = 0
    has_worked: bool = False  # for a while, with the settings as they were
    due: float = field(default=0.0)


class Supervisor:
    """Keeps the wanted processes alive until SIGTERM or SIGINT. wanted: name -> command line; optional: names of those that end
    nothing when they cannot work: mail goes on without pages; is_over: whether another installation has taken over.

    Who cannot begin with these settings ends everything. Who could before is tried again, and the others go on: somebody has just
    written a mistake into the settings, or the data folder is away for a moment.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        clock: Callable[[], float] = time.monotonic,
        optional: Collection[str] = (),
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_over = is_over
        self._optional = frozenset(optional)
        self.children = [Child(name, command) for name, command in commands.items()]
        self._clock = clock
        self._stop = False
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # its put() may interrupt another: signals do

    def run(self) -> int:
        """Returns the exit code: 0 after a signal, a child's own when it says that its configuration is wrong."""
        self.listen()
        manager = Manager()
        code = self.look()
        manager.ready()
        while not self._stop and not code:
            pauses = [c.due - self._clock() for c in self.children if c.process is None]
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=max(0.01, min([*pauses, 1.0])))
            manager.alive()
            code = self.look()
        manager.stopping()
        self.drain()
        return code

    def listen(self) -> None:
        """Note signals from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.ask_to_stop())
        signal.signal(signal.SIGCHLD, lambda *_: self._wake.put(None))

    @property
    def is_stopping(self) -> bool:
        return self._stop

    def adopt(self, name: str, process: ForkedProcess) -> None:
        """Supervise a process that was just started, under this name."""
        (child,) = (one for one in self.children if one.name == name)
        self._note_start(child, process)

    def ask_to_stop(self) -> None:
        self._stop = True
        self._wake.put(None)

    def look(self) -> int:
        """Handle ended processes and start those that are due. Returns an exit code that ends all, else 0."""
        for child in self.children:
            if child.process is not None and (code := child.process.poll()) is not None:
                child.has_worked |= self._clock() - child.started > _BEGUN_AFTER
                if code in _FINAL and child.name not in self._optional:
                    log.error("a process cannot work with these settings", child=child.name, exit=code)
                    if not child.has_worked or self._is_over():
                        return code
                self._note_death(child, code)
            if child.process is None and self._clock() >= child.due and not self._stop:
                self._start(child)
        return 0

    def _start(self, child: Child) -> None:
        command = [*child.command, "--parent", str(os.getpid())]
        self._note_start(child, subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603 - our own program

    def _note_start(self, child: Child, process: subprocess.Popen[bytes] | ForkedProcess) -> None:
        child.process, child.started = process, self._clock()
        log.info("started", child=child.name, pid=process.pid)

    def _note_death(self, child: Child, code: int) -> None:
        now = self._clock()
        child.failures = 1 if now - child.started > _WELL_AFTER else child.failures + 1
        child.due = now + pause_before(child.failures)
        child.process = None
        log.warning("a process ended by itself", child=child.name, exit=code, again_in=round(child.due - now, 1))

    def drain(self) -> None:
        """Send SIGTERM to all and wait; kill the rest after 15 seconds."""
        living = [c.process for c in self.children if c.process is not None and c.process.poll() is None]
        for process in living:
            process.terminate()
        end = self._clock() + DRAIN_SECONDS + 1
        for process in living:
            try:
                process.wait(max(0.1, end - self._clock()))
            except subprocess.TimeoutExpired:
                log.error("killed: it did not drain in time", pid=process.pid)
                process.kill()
                process.wait()
        log.info("stopped")
