"""The conformance tester of the SCIM community finds nothing wrong with the whole web application (RFC 7643, RFC 7644)."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from civicmail.city.directory.models import Department
from civicmail.city.identity.queries import scim
from civicmail.front.sample.installation import free_ports
from front.web.test_serve import asked, wait
from neighbours.civic import PROGRAM
from neighbours.process import Process
from neighbours.scratch import installation
from stories import townhall

_PROVIDED = """
from civicmail.city.identity.actions import feedkeys
parks = Department.objects.create(code="parks", name="Parks")
crowd = [Person(uid=f"e-{n}", given="A", family="B", display="A B") for n in range(5000)]
Episode.objects.bulk_create(
    [Episode(person=p, kind="employee", department=parks, starts=date(2026, 1, 1)) for p in Person.objects.bulk_create(crowd)]
)
print(feedkeys.make("Tester", days=1, actor=OFFICE, reason="The conformance tester.", now=time.time_ns() // 1_000_000))
"""
"""A city in which the tester may let many go before the brake holds it."""


@pytest.fixture
def kept_open() -> Iterator[None]:
    """The end of a request leaves the connection of the test alone, as Django's own test client has it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.rule("P-08", "The conformance tester of SCIM finds nothing wrong with the running pages.")
@pytest.mark.usefixtures("kept_open")
def test_the_conformance_tester_passes(crowd: Department, token: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number is the userName, because the tester gives an immutable attribute of an extension another value in PUT."""
    monkeypatch.setattr("civicmail.city.identity.queries.deletion_threshold.people_now", lambda: 100_000)  # it lets many go
    settings.CITY = replace(settings.CITY, feeds=replace(settings.CITY.feeds, number="userName", department="parks"))
    application, headers = get_wsgi_application(), {"Authorization": f"Bearer {token}"}
    client = WSGISCIMClient(application, base_url="http://localhost/scim/v2", headers=headers)
    _found_nothing_wrong(client)
    assert not scim.users().exists(), "what the tester made it also deleted"


def _found_nothing_wrong(client: WSGISCIMClient) -> None:
    results = check_server(client)
    wrong = [f"{r.title}: {r.reason}" for r in results if r.status in (Status.ERROR, Status.CRITICAL)]
    assert wrong == []
    assert sum(r.status == Status.SUCCESS for r in results) >= 60


def _over(port: int) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """An application that asks the one behind a socket: what it is asked it sends on, and what it hears it answers."""

    def ask(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request(environ["REQUEST_METHOD"], environ["PATH_INFO"] + query, body or None, headers)
            answer = connection.getresponse()
            start_response(f"{answer.status} {answer.reason}", answer.getheaders())
            return [answer.read()]

    return ask


def test_the_conformance_tester_passes_over_a_socket(tmp_path: Path) -> None:
    """The same of the real web process, with its own threads, database and settings."""
    (port,) = free_ports(1)
    data = installation(tmp_path / "data")
    with (data / "civicmail.toml").open("a") as settings:
        settings.write(f'\n[web]\nport = {port}\n\n[feeds]\nnumber = "userName"\ndepartment = "parks"\n')
    token = townhall.run(data, _PROVIDED).strip()
    with closing(Process([PROGRAM, "run", "web", "--data", str(data)], tmp_path, os.environ)):
        wait(lambda: asked(port, "/scim/v2/Users")[0] == 401)  # 503 until the tables are there
        headers = {"Authorization": f"Bearer {token}"}
        _found_nothing_wrong(WSGISCIMClient(_over(port), base_url=f"http://localhost:{port}/scim/v2", headers=headers))
