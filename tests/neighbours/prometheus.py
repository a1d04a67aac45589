"""A private Prometheus in a folder of its own, on loopback, with rules as they are shipped and shorter intervals."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civicmail.front.sample.installation import free_ports
from neighbours.process import Process, program, scratch_folder

SHIPPED = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"


def promtool(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """What it says about metrics, rules and settings."""
    return subprocess.run([program("promtool"), *map(str, arguments)], input=given, capture_output=True, text=True, timeout=60)


class Prometheus:
    """Use it with `with`. target: port of our metrics; ca: of the authority of its certificate, where it has one."""

    def __init__(self, target: int, *, every: str = "1s", ca: Path | None = None) -> None:
        self.folder = scratch_folder("prometheus")
        (self.port,) = free_ports(1)
        settings = (SHIPPED / "prometheus.yaml").read_text()
        settings = settings.replace("interval: 15s", f"interval: {every}").replace("127.0.0.1:9725", f"127.0.0.1:{target}")
        if ca is not None:
            settings = settings.replace("# scheme: https", "scheme: https").replace("# tls_config", "tls_config")
            settings = settings.replace("/etc/prometheus/civicmail-ca.pem", str(ca))
        (self.folder / "prometheus.yaml").write_text(settings)
        (self.folder / "alerts.yaml").write_bytes((SHIPPED / "alerts.yaml").read_bytes())

    def __enter__(self) -> Prometheus:
        self._running = Process(
            [
                program("prometheus"), f"--config.file={self.folder / 'prometheus.yaml'}",
                f"--storage.tsdb.path={self.folder / 'data'}", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
            ],
            self.folder,
        )  # fmt: skip
        self._running.wait_for(self.port, b"")
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()
        shutil.rmtree(self.folder)

    def ask(self, path: str, **query: str) -> Any:
        """The data of an answer of its API; None while it is not ready."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def value(self, query: str) -> float | None:
        """The sum of what a query gives, None where it gives nothing."""
        data = self.ask("query", query=query)
        return sum(float(one["value"][1]) for one in data["result"]) if data and data["result"] else None

    def firing(self) -> dict[str, str]:
        """Names of alerts that fire, with their summary."""
        alerts = (self.ask("alerts") or {"alerts": []})["alerts"]
        return {one["labels"]["alertname"]: one["annotations"]["summary"] for one in alerts if one["state"] == "firing"}


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something that a scrape or a rule brings."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.2)
