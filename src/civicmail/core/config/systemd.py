"""Notify systemd that this process is ready, alive or stopping (sd_notify(3)).

A datagram to the socket that NOTIFY_SOCKET names: a path, or an abstract name after "@". Without
that name nothing happens.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, MutableMapping
from contextlib import suppress


class Manager:
    """The service manager of this process, created once at the start; child processes do not use it. watchdog: seconds within which
    it expects a message, 0 for no watchdog."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        interval, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        ours = bool(self._address) and interval.isdigit() and pid in ("", str(os.getpid()))
        self.watchdog = int(interval) / 1_000_000 if ours else 0.0
        self._clock = clock
        self._heard = -float("inf")

    @property
    def is_there(self) -> bool:
        return bool(self._address)

    def ready(self) -> None:
        """Tell systemd that the service has started."""
        self._notify("READY=1")

    def starting(self, seconds: float) -> None:
        """The start takes so much longer, from now."""
        self._notify(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def stopping(self) -> None:
        """Tell systemd that work in progress is finished and nothing new begins."""
        self._notify("STOPPING=1")

    def alive(self) -> None:
        """Notify systemd that this process is alive, at most three times per interval; call it with every round of a loop."""
        now = self._clock()
        if self.watchdog and now - self._heard >= self.watchdog / 3:
            self._heard = now
            self._notify("WATCHDOG=1")

    def _notify(self, line: str) -> None:
        """Send a message; a failure is ignored."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line_out:
            line_out.setblocking(False)
            line_out.sendto(line.encode(), address)
