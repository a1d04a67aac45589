"""The job that tells programs of entries: over a real connection, signed, again after a fault; and what doctor says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import orjson
import pytest
from django.db import transaction

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.identity.models import Hook
from civicmail.city.notices.webhook import is_signed
from civicmail.core.config.settings import Oversight, Settings, Webhook
from civicmail.front.checkup import hooks as left
from civicmail.front.checkup.findings import Installation
from civicmail.front.worker import hooks

NOW = 1_772_452_800_000
SECRET = "a secret of both sides, long enough"
pytestmark = pytest.mark.django_db


class _Heard(HTTPServer):
    """What came: headers and body of each request; answers: statuses still to give, then 200."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Heard

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def siem() -> Iterator[_Heard]:
    with _Heard() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _hook(tmp_path: Path, siem: _Heard) -> Webhook:
    secret = tmp_path / "siem.secret"
    secret.write_text(SECRET)
    return Webhook(name="siem", url=f"http://127.0.0.1:{siem.server_port}/in", secret_file=str(secret))


def _entry(at: int = NOW) -> str:
    with transaction.atomic():
        made = entries.enter("access.end", actor=machine("tick"), reason="so", now=at, object="person:e-17")
    entries.mark_carried([(made, "0001", made.pk)], now=at)
    return str(made.uuid)


def test_entries_are_posted_signed_and_again_after_a_fault_also_by_another_worker(data: Path, tmp_path: Path, siem: _Heard) -> None:
    """Over a real connection; the position outlives the worker."""
    hook = _hook(tmp_path, siem)
    telling = hooks.WebhookDelivery(hook, data, hooks.post)
    ids = [_entry(), _entry()]
    siem.answers = [503]
    assert telling.step(NOW) == 0
    row = Hook.objects.get()
    assert row.problem == "it answered 503" and row.due > NOW
    assert hooks.WebhookDelivery(hook, data, hooks.post).step(row.due) == 2
    assert [headers["webhook-id"] for headers, _ in siem.came] == [ids[0], *ids]
    headers, body = siem.came[-1]
    signed = (headers["webhook-id"], headers["webhook-timestamp"], body, headers["webhook-signature"])
    assert is_signed(SECRET.encode(), *signed, now=row.due)
    assert not is_signed(SECRET.encode(), signed[0], signed[1], body + b" ", signed[3], now=row.due)
    assert orjson.loads(body)["data"]["object"] == "person:e-17"
    assert hooks.WebhookDelivery(hook, data, hooks.post).step(row.due + 1) == 0


@pytest.mark.rule("P-29", "doctor reports the delay of each webhook and its reason, without a database.")
def test_doctor_says_how_far_a_program_is_behind_without_asking_the_database(data: Path, tmp_path: Path, siem: _Heard) -> None:
    """Nothing yet, in order, not taken, and long behind."""
    hook = _hook(tmp_path, siem)
    city = replace(Settings(), oversight=Oversight(webhook=[hook]))

    def found(now: int) -> tuple[str, str]:
        (finding,) = left.hooks(Installation(data, city, now))
        return finding.level, finding.text

    assert found(NOW)[0] == "warning"
    telling = hooks.WebhookDelivery(hook, data, hooks.post)
    _entry()
    assert telling.step(NOW) == 1 and found(NOW) == ("ok", "It was told of every entry.")
    _entry()
    siem.answers = [500]
    assert telling.step(NOW + 1000) == 0
    assert found(NOW + 1000)[0] == "warning" and "it answered 500" in found(NOW + 1000)[1]
    siem.answers = [500]
    telling.step(NOW + left.MAX_LAG_MS + 60_000)
    assert found(NOW + left.MAX_LAG_MS + 60_000)[0] == "problem"


def test_a_hook_whose_secret_cannot_be_used_is_a_fault_that_the_log_names(data: Path, tmp_path: Path, siem: _Heard) -> None:
    from civicmail.core.config.errors import ConfigError

    hook = replace(_hook(tmp_path, siem), secret_file=str(tmp_path / "none"))
    telling = hooks.WebhookDelivery(hook, data, hooks.post)
    _entry()
    with pytest.raises(ConfigError, match="secret file"):
        telling.step(NOW)
    assert siem.came == []
