"""A served city is read by a real Prometheus: what came in, what waits, and whether all is well (P-15, P-23)."""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from civicmail.front.sample import installation
from neighbours.authority import Authority
from neighbours.civic import Civicmail
from neighbours.prometheus import Prometheus, promtool, until

pytestmark = pytest.mark.timeout(180)
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def read(port: int, path: str, accept: str = "*/*", *, ca: Path | None = None) -> tuple[int, str, str]:
    """Status, media type and text; by https where there is an authority."""
    url = f"{'https' if ca else 'http'}://127.0.0.1:{port}{path}"
    asked, context = urllib.request.Request(url, headers={"Accept": accept}), ssl.create_default_context(cafile=ca)
    try:
        with urllib.request.urlopen(asked, timeout=30, context=context) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def watched(folder: Path, port: int, **settings: str) -> Civicmail:
    return Civicmail(folder, metrics__port=str(port), **settings)


def send(city: Civicmail, count: int, to: str = "pat.clerk@city.example") -> None:
    with smtplib.SMTP("127.0.0.1", city.mx) as wire:
        for number in range(count):
            wire.sendmail("anna@outside.example", [to], f"Subject: {number}\r\n\r\nHello.\r\n")


@pytest.mark.neighbour("prometheus", "promtool")
def test_prometheus_reads_a_served_city(tmp_path: Path) -> None:
    """Counters, times and states come after a message, over TLS; rules are loaded; health says what doctor does."""
    (port,) = installation.free_ports(1)
    authority = Authority(tmp_path / "tls")
    certificate, key = authority.issue("mail.city.example", days=(-1, 90))
    tls = {"metrics__certificate": str(certificate), "metrics__key": str(key)}
    with (
        watched(tmp_path / "data", port, web__serve="true", **tls) as city,
        Prometheus(port, ca=authority.certificate) as prometheus,
    ):
        until(lambda: prometheus.value("civicmail_queue_copies") is not None)
        accepted = 'civicmail_messages_accepted_total{listener="mx"}'
        assert prometheus.value(accepted) == 0, "a counter is there before the first message"
        send(city, 3)
        until(lambda: prometheus.value(accepted) == 3)
        until(lambda: prometheus.value("civicmail_acknowledge_seconds_count") == 3)
        until(lambda: prometheus.value('civicmail_deliveries_total{outcome="delivered",destination="local"}') == 3)
        until(lambda: prometheus.value("civicmail_search_delay_seconds_count") == 3)
        city.end_child("gateway", 9)  # type: ignore[arg-type]
        until(lambda: _takes(city))
        until(lambda: prometheus.value(accepted) == 4)
        assert prometheus.value(f"resets({accepted}[5m])") == 0, "a counter goes on after its process was killed"
        until(city.is_ready)
        until(lambda: prometheus.value('civicmail_web_requests_total{view="readyz",status="200"}'))
        _rules_are_good(prometheus)
        _text_is_good(port, authority.certificate)
        _health(port, authority.certificate)


def _takes(city: Civicmail) -> bool:
    try:
        send(city, 1)
    except (OSError, smtplib.SMTPException):
        return False
    return True


def _rules_are_good(prometheus: Prometheus) -> None:
    groups = prometheus.ask("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) >= 20 and [rule["name"] for rule in rules if rule.get("lastError")] == []
    until(lambda: {rule["health"] for group in prometheus.ask("rules")["groups"] for rule in group["rules"]} == {"ok"})


def _text_is_good(port: int, ca: Path) -> None:
    status, media, text = read(port, "/metrics", OPEN_METRICS, ca=ca)
    assert status == 200 and media == f"{OPEN_METRICS}; charset=utf-8" and text.endswith("\n# EOF\n")
    assert "@" not in text and "pat.clerk" not in text, "no address is in a label"
    status, media, text = read(port, "/metrics", ca=ca)
    assert media.startswith("text/plain; version=0.0.4")
    said = promtool("check", "metrics", given=text)
    assert said.returncode == 0 and said.stdout + said.stderr == ""


def _health(port: int, ca: Path) -> None:
    def told() -> dict[str, Any]:
        status, media, text = read(port, "/health", ca=ca)
        answer: dict[str, Any] = json.loads(text)
        assert media == "application/json" and (status == 200) is (answer["status"] == "ok")
        return answer

    until(lambda: told()["status"] != "starting")
    assert told()["status"] == "problem" and "next hop smtp://127.0.0.1:1" in told()["problems"], told()
    assert read(port, "/", ca=ca)[0] == 404
