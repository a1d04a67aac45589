"""The metrics process (`civicmail run metrics`)."""

from __future__ import annotations

import os
import threading
from importlib.metadata import version
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.config.systemd import Manager
from civicmail.core.disk import metrics
from civicmail.core.disk.metrics import Values
from civicmail.front.metrics.check_metrics import CheckMetrics
from civicmail.front.metrics.collectors import Collector, collecting
from civicmail.front.metrics.exposition import text
from civicmail.front.metrics.gauges import Gauges
from civicmail.front.metrics.listener import Listener
from civicmail.front.web.start import start

STATE_EVERY, OFFICE_EVERY, EXAMINE_EVERY = 5.0, 15.0, 60.0
ALIVE_EVERY = 5.0
NICE = 10
"""Mail and pages take precedence."""

log = get_logger()


def serve(settings: Settings, data: Path, config: Path | None, stop: threading.Event) -> None:
    """Answer until stop is set. Raises LaterError where it cannot listen."""
    manager = Manager()
    os.nice(NICE)
    start(data, config)
    from civicmail.front.web import office_metrics  # models, which are there from now on

    examined = CheckMetrics(settings, data)
    looks = [
        Collector("state", STATE_EVERY, Gauges(settings, data).values),
        Collector("office", OFFICE_EVERY, office_metrics.values),
        Collector("checks", EXAMINE_EVERY, examined.values),
    ]
    listener = Listener(
        settings.metrics,
        lambda media: text(collected(data, looks), media),
        lambda: examined.health(now_ms()),
    )
    log.info("listening", kind="metrics", listener=f"{settings.metrics.address}:{settings.metrics.port}")
    with listener, collecting(looks):
        thread = threading.Thread(target=listener.serve_forever, name="listener", daemon=True)
        thread.start()
        manager.ready()
        while not stop.wait(ALIVE_EVERY):
            manager.alive()
        manager.stopping()
        listener.shutdown()
        thread.join()


def collected(data: Path, looks: list[Collector]) -> Values:
    """Counters of the processes, and the last gauges."""
    values = metrics.read(data)
    values["civicmail_build", (version("civicmail"),)] = 1
    for look in looks:
        values |= look.seen
    return values
