"""What is only for this machine: a request that a server in front passed on is from elsewhere."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from civicmail.front.web.local_requests import is_local


@pytest.mark.rule("P-07", "Endpoints for this machine refuse requests forwarded by a proxy.")
@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_was_passed_on_is_from_elsewhere(name: str) -> None:
    """Whatever it says of whom it was passed on for."""
    assert is_local(RequestFactory().get("/", REMOTE_ADDR="127.0.0.1"))
    assert not is_local(RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", headers={name: "127.0.0.1"}))


@pytest.mark.parametrize("address", ["192.0.2.7", "::", "", "localhost.city.example"])
def test_another_address_is_elsewhere(address: str) -> None:
    assert not is_local(RequestFactory().get("/", REMOTE_ADDR=address))
