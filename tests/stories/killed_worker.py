"""For `make city` alone, because it waits for minutes: the city worker is killed, and the alert that is shipped fires (P-23)."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from civicmail.front.sample import installation
from neighbours.civic import PROGRAM, Civicmail
from neighbours.process import Process
from neighbours.prometheus import Prometheus, until

pytestmark = pytest.mark.timeout(400)
SILENT = "CivicmailWorkerSilent"


@pytest.mark.neighbour("prometheus")
def test_an_alert_fires_when_the_city_worker_was_killed_and_nobody_starts_it_again(tmp_path: Path) -> None:
    (port,) = installation.free_ports(1)
    with Civicmail(tmp_path / "data", "gateway", metrics__port=str(port)) as city:

        def run(name: str, *role: str) -> Process:
            (tmp_path / name).mkdir()
            return Process([PROGRAM, "run", *role, "--data", str(city.data)], tmp_path / name, city.environment)

        worker, metrics = run("worker", "worker", "--job", "city"), run("metrics", "metrics")
        try:
            metrics.wait_for(port, b"")
            with Prometheus(port) as prometheus:
                until(lambda: prometheus.value('civicmail_heartbeat_timestamp_seconds{process="city"}'))
                assert SILENT not in prometheus.firing()
                worker.process.send_signal(signal.SIGKILL)
                until(lambda: SILENT in prometheus.firing(), 240)
                assert prometheus.firing()[SILENT] == "The worker city does nothing"
        finally:
            metrics.close()
            worker.close()
