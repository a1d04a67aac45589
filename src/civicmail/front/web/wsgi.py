"""The WSGI application that the web process imports.

The worker exits with its parent, and when another installation has taken over.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import threading
import time
from pathlib import Path

from civicmail.core.config.log import get_logger, set_up
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.metrics import Meter
from civicmail.front.web import serve, start
from civicmail.mail.replica import epoch

_PR_SET_PDEATHSIG = 1
RETRY_SECONDS = 5.0
"""Seconds between two tries to reach the database."""

log = get_logger()


def _prepare(data: Path, config: Path | None) -> None:
    """Tables of this version, as soon as the database is there; until then pages say what they wait for."""
    from django.db import Error as DatabaseFault
    from django.db import close_old_connections

    is_logged = False
    while not start.is_prepared():
        try:
            start.prepare(data, config)
        except LeaseHeld:
            time.sleep(0.2)  # another process does it at this moment
        except DatabaseFault as error:
            if not is_logged:
                log.error("the database cannot be reached, pages say 503", error=type(error).__name__)
            is_logged = True
            close_old_connections()
            time.sleep(RETRY_SECONDS)
    serve.shows_pages[0] = 1
    log.info("pages are ready")
    for programs in ("api", "scim"):  # the first of them need not wait for what urls.py imports later
        importlib.import_module(f"civicmail.front.web.{programs}.urls")


def _watch(data: Path, parent: int) -> None:
    while not epoch.is_fenced(data):
        time.sleep(0.5)
    log.error("another installation has taken over: no more pages here")
    os.kill(parent, signal.SIGTERM)


data = Path(os.environ["CIVICMAIL_DATA"])
config = Path(named) if (named := os.environ.get("CIVICMAIL_CONFIG")) else None
ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # granian's worker takes no other signal, and holds the port
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl-C is for the process that listens, which passes it on as SIGTERM
start.start(data, config)

from django.conf import settings  # noqa: E402 - they are there from now on
from django.core.wsgi import get_wsgi_application  # noqa: E402 - as above

from civicmail.desk.viewer.queries import store  # noqa: E402 - as above
from civicmail.front.web import connection_timeouts, overload, request_metrics, thread_pools  # noqa: E402 - as above
from civicmail.front.web.files import collect  # noqa: E402 - as above

set_up(settings.CITY.log, "web")
collect()
store().apart()
application = thread_pools.ThreadPools(get_wsgi_application(), overload.overload_response, overload.client_key)
start.begin()
threading.Thread(target=_prepare, args=(data, config), daemon=True).start()
threading.Thread(target=_watch, args=(data, os.getppid()), daemon=True).start()
threading.Thread(target=connection_timeouts.watch, daemon=True).start()
Meter(data, "web", request_metrics.values).start()
