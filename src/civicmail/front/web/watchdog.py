"""Report to the service manager that the pages answer, by requesting them."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from contextlib import closing, suppress

from civicmail.core.config.settings import Web
from civicmail.core.config.systemd import Manager
from civicmail.front.web.thread_pools import ALIVE

FIRST_CHECK_AFTER = 0.5
"""Seconds between two questions until the first answer."""
CHECK_EVERY = 5.0
PATIENCE = 10.0
"""Timeout in seconds; the server thread answers itself."""


def start_watchdog(web: Web) -> None:
    """Start the watchdog, if there is a service manager."""
    manager = Manager()
    if manager.is_there:
        threading.Thread(target=_keep_alive, args=(web, manager), name="alive", daemon=True).start()


def _keep_alive(web: Web, manager: Manager) -> None:
    while not _answers(web):
        time.sleep(FIRST_CHECK_AFTER)
    manager.ready()
    while True:
        if _answers(web):
            manager.alive()
        time.sleep(min(CHECK_EVERY, manager.watchdog / 4) or CHECK_EVERY)


def _answers(web: Web) -> bool:
    """Whether the pages answer; doctor checks what they answer."""
    with suppress(OSError, http.client.HTTPException), closing(_Wire(web)) as wire:
        wire.request("GET", ALIVE)
        return bool(wire.getresponse().status)
    return False


class _Wire(http.client.HTTPConnection):
    """A connection to the pages of this machine, by port or socket."""

    def __init__(self, web: Web) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._web = web

    def connect(self) -> None:
        address, port = self._web.address, self._web.port
        if address.startswith(("/", "unix:")):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(PATIENCE)
            self.sock.connect(address.removeprefix("unix:"))
            return
        host = ipaddress.ip_address(address)
        if host.is_unspecified:
            address = "127.0.0.1" if host.version == 4 else "::1"
        self.sock = socket.create_connection((address, port), PATIENCE)
