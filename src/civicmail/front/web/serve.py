"""The web process: Granian with one worker and several threads (`civicmail run web`).

The listening process does not import Django. The worker starts it (wsgi.py), upgrades the tables while serving, and answers
"starting" until that is done. The mail path waits for none of this.
"""

from __future__ import annotations

import mmap
import os
import signal
from pathlib import Path

from civicmail.core.config import memory
from civicmail.core.config.errors import LaterError
from civicmail.core.config.settings import Settings

shows_pages = mmap.mmap(-1, 1)
"""Shared by listener and worker: the first byte is 1 when the tables are ready."""
NICE = 5
"""Mail takes precedence over pages."""


def serve(settings: Settings, data: Path, config: Path | None = None) -> None:
    """Serve until SIGTERM, then finish running requests. Raises LaterError if the address is taken."""
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from civicmail.front.web import thread_pools, watchdog
    from civicmail.front.web.page_server import PageServer
    from civicmail.mail.gateway.port_sharing import require_free

    os.nice(NICE)
    memory.limit_arenas()  # what is forked has it, too
    os.register_at_fork(after_in_child=_hear_signals)
    os.environ["CIVICMAIL_DATA"] = str(data)
    if config is not None:
        os.environ["CIVICMAIL_CONFIG"] = str(config.absolute())
    address = settings.web.address
    socket = Path(address.removeprefix("unix:")) if address.startswith(("/", "unix:")) else None
    if socket is not None:
        socket.unlink(missing_ok=True)
    else:
        require_free("The pages", address, settings.web.port)  # the server shares ports, also with another installation
    server = PageServer(
        "civicmail.front.web.wsgi:application",
        address="127.0.0.1" if socket else address,
        port=settings.web.port,
        uds=socket,
        uds_permissions=0o660 if socket else None,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=thread_pools.THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=False,
        workers_kill_timeout=10,
    )
    watchdog.start_watchdog(settings.web)
    try:
        server.serve()
    except (OSError, RuntimeError) as error:
        where = str(socket) if socket else f"{address}, port {settings.web.port}"
        raise LaterError(f"The pages cannot listen on {where}: another program has it, or this user may not open it.") from error


def _hear_signals() -> None:
    """Restore default signal handlers in granian's child until it installs its own; the inherited ones do nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which passes it on as SIGTERM
