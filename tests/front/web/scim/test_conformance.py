"""The conformance tester of the SCIM community finds nothing wrong with the whole web application (RFC 7643, RFC 7644)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from civicmail.city.access.queries import scim
from civicmail.city.directory.models import Department


@pytest.fixture
def kept_open() -> Iterator[None]:
    """The end of a request leaves the connection of the test alone, as Django's own test client has it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("kept_open")
def test_the_conformance_tester_passes(crowd: Department, token: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-565: the number is the userName, because the tester gives an immutable attribute of an extension another value in PUT."""
    monkeypatch.setattr("civicmail.city.access.actions.scim.people_now", lambda: 100_000)  # it lets many go
    settings.CITY = replace(settings.CITY, feeds=replace(settings.CITY.feeds, number="userName", department="parks"))
    application, headers = get_wsgi_application(), {"Authorization": f"Bearer {token}"}
    client = WSGISCIMClient(application, base_url="http://localhost/scim/v2", headers=headers)
    results = check_server(client)
    wrong = [f"{r.title}: {r.reason}" for r in results if r.status in (Status.ERROR, Status.CRITICAL)]
    assert wrong == []
    assert sum(r.status == Status.SUCCESS for r in results) >= 60
    assert not scim.users().exists(), "what the tester made it also deleted"
