"""Who may read metrics and health, and what they get."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import ConfigError, LaterError
from civicmail.core.config.settings import Metrics, Settings
from civicmail.front.checkup.findings import Finding
from civicmail.front.metrics import check_metrics as module
from civicmail.front.metrics.check_metrics import CheckMetrics
from civicmail.front.metrics.listener import Listener
from civicmail.mail.gateway import certificates
from neighbours.authority import Authority

Told = tuple[int, dict[str, str], bytes]


@contextmanager
def listening(
    networks: list[str], health: Any = lambda: (True, {"status": "ok"}), settings: Metrics | None = None
) -> Iterator[Listener]:
    with Listener(settings or Metrics(port=0, networks=networks), lambda media: f"for {media}", health) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()


def ask(listener: Listener, path: str, method: str = "GET", accept: str = "") -> Told:
    wire = http.client.HTTPConnection("127.0.0.1", listener.server_address[1], timeout=60)
    wire.request(method, path, headers={"Accept": accept})
    answer = wire.getresponse()
    return answer.status, dict(answer.headers), answer.read()


def test_this_machine_reads_and_other_paths_are_none() -> None:
    with listening([]) as listener:
        status, headers, content = ask(listener, "/metrics?x=1", accept="application/openmetrics-text")
        assert status == 200 and content == b"for " + headers["Content-Type"].encode() and headers["Cache-Control"] == "no-store"
        assert ask(listener, "/metrics", "HEAD")[2] == b"" and ask(listener, "/etc/passwd")[0] == 404
        assert ask(listener, "/metrics", "POST")[0] == 501


@pytest.mark.rule("P-07", "Metrics and health are read from the networks of the settings, else from this machine alone.")
def test_who_is_in_no_network_of_the_settings_gets_no_answer() -> None:
    with listening(["192.0.2.0/24"]) as listener, pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(listener, "/metrics")
    with listening(["127.0.0.1/32"]) as listener:
        assert ask(listener, "/health")[0] == 200


@pytest.mark.rule(
    "P-23",
    "Metrics with a certificate are served over TLS only, despite slow clients, and a renewed certificate takes effect.",
)
def test_with_a_certificate_it_answers_by_tls_alone_and_takes_up_a_new_one(tmp_path: Path) -> None:
    """Whoever does not speak TLS, or is slow to, keeps nobody waiting."""
    authority, files = Authority(tmp_path / "ours"), (tmp_path / "x.pem", tmp_path / "x.key")

    def put(name: str) -> None:
        for there, made in zip(files, authority.issue(name), strict=True):
            shutil.copy(made, there)

    def serial() -> str:
        context = ssl.create_default_context(cafile=authority.certificate)
        with socket.create_connection(where, 10) as line, context.wrap_socket(line, server_hostname="127.0.0.1") as wire:
            wire.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            assert wire.recv(100).startswith(b"HTTP/1.0 200")
            return str((wire.getpeercert() or {})["serialNumber"])

    put("one.example")
    settings = Metrics(certificate=str(files[0]), key=str(files[1]))
    with listening([], settings=settings) as listener:
        where = ("127.0.0.1", listener.server_address[1])
        with socket.create_connection(where, 10):
            first = serial()
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(listener, "/health")
        put("two.example")
        assert listener._certificate is not None
        listener._certificate._polled_at = -certificates.POLL_SECONDS  # a minute ago
        assert serial() != first
    with pytest.raises(ConfigError, match="another certificate's key"):
        shutil.copy(authority.issue("three.example")[1], files[1])
        Listener(settings, lambda media: "", lambda: (True, {}))


def test_a_port_that_is_taken_is_said() -> None:
    with listening([]) as listener, pytest.raises(LaterError, match="Metrics cannot listen"):
        Listener(Metrics(port=listener.server_address[1]), lambda media: "", lambda: (True, {}))


@pytest.mark.rule("P-17", "Health for programs has names of checks, and no text that may name a person.")
def test_health_has_names_of_checks_and_no_word_that_may_name_somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [Finding("audit log", "problem", "An entry of Pat Clerk was changed."), Finding("disk", "ok", "")]
    monkeypatch.setattr(module, "run_checks", lambda patient: iter(findings))
    examined = CheckMetrics(Settings(), tmp_path)
    assert examined.health(now_ms()) == (False, {"status": "starting", "at": None, "problems": [], "warnings": []})
    now = now_ms()
    values = examined.values(now)
    well, told = examined.health(now)
    assert not well and told == {"status": "problem", "at": now / 1000, "problems": ["audit log"], "warnings": []}
    assert "Pat" not in json.dumps(told) and values["civicmail_check_problems", ("audit log",)] == 1
    assert values["civicmail_check_problems", ("disk",)] == 0


@pytest.mark.rule("P-23", "Health for programs is not good when no check has run for minutes.")
def test_an_old_look_is_no_good_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_checks", lambda patient: iter([Finding("disk", "warning", "")]))
    examined = CheckMetrics(Settings(), tmp_path)
    examined.values(1000)
    assert examined.health(1000)[1]["status"] == "ok"
    assert examined.health(1000 + 6 * 60_000) == (False, {"status": "stale", "at": 1.0, "problems": [], "warnings": ["disk"]})
