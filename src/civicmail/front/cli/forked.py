"""Processes that begin as copies of this one: they need not import what it has imported, and share the memory of that."""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_ARG_START, _ARG_END = 45, 46  # of /proc/PID/stat after the name in brackets, proc(5)

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class ForkedProcess:
    """A forked process with the interface of subprocess.Popen that the supervisor uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, minus the signal that ended it; None while it lives."""
        if self.returncode is None:
            self._reap(os.WNOHANG)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None and timeout is not None:
            end = os.pidfd_open(self.pid)
            try:
                if not select.select([end], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(str(self.pid), timeout)
            finally:
                os.close(end)
        if self.returncode is None:
            self._reap(0)
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def _reap(self, options: int) -> None:
        pid, status = os.waitpid(self.pid, options)
        if pid:
            self.returncode = os.waitstatus_to_exitcode(status)


def fork(title: Sequence[str]) -> ForkedProcess | None:
    """A copy of this process, which must have one thread; None in the copy, which reads nothing from the terminal and has no
    handlers of signals. title: its command line, for who lists processes."""
    gc.freeze()  # a collection in the copy leaves alone what was imported, and its pages shared
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)  # a signal to the copy must not meet a handler of its parent
    try:
        pid = os.fork()
        if pid:
            return ForkedProcess(pid)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _show(title)
    return None


def _show(title: Sequence[str]) -> None:
    """Write these words over the command line of this process, as many as there is room for. Linux has no call for that: the bytes
    lie where the kernel has put them, and nothing of ours reads them there."""
    with suppress(OSError, ValueError, IndexError):  # without /proc it is called as its parent
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        begin, room = int(fields[_ARG_START]), int(fields[_ARG_END]) - int(fields[_ARG_START])
        shown = b""
        for word in title:
            if len(longer := shown + os.fsencode(word) + b"\0") >= room:
                break
            shown = longer
        if begin and shown:
            ctypes.memmove(begin, shown.ljust(room, b"\0"), room)
