"""What a provider sends that nobody means well by: each has an answer of the protocol at once (RFC 7644; L1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from front.web.scim.conftest import Provider

User = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("change", [{"userName": "a\0"}, {"externalId": "a\0"}, {"userName": "a\u200b"}], ids=str)
def test_what_no_database_keeps_is_told_and_not_asked_for_again(change: dict[str, Any], provider: Provider, user: User) -> None:
    """A NUL is the sender's fault: 400, and not 503, after which providers come again for ever."""
    assert provider.ask("POST", "/Users", user("e-500") | change)[0] == 400


@pytest.mark.parametrize("number", ["os:root", "feed:scim:1"])
def test_nobodys_number_reads_as_a_program_or_the_owner(number: str, provider: Provider, user: User) -> None:
    """P-16: who is no second person for anybody (foureyes) is known by the colon."""
    assert provider.ask("POST", "/Users", user(number))[0] == 400


@pytest.mark.parametrize("text", ["a\\u0000", "\\ud800", "%_"])
@pytest.mark.parametrize("attribute", ["userName", "externalId", "id", "title"])
def test_a_filter_finds_nobody_by_what_nobody_has(attribute: str, text: str, provider: Provider) -> None:
    status, said = provider.ask("GET", f"/Users?{urlencode({'filter': f'{attribute} eq "{text}"'})}")
    assert status == 400 or said["totalResults"] == 0


def test_no_page_is_too_far(provider: Provider) -> None:
    status, said = provider.ask("GET", f"/Users?startIndex={10**23}")
    assert status == 200 and not said.get("Resources")


@pytest.mark.rule(
    "P-08",
    "A PATCH of SCIM has a hundred operations at most; content that no database stores, or that could be code, is the "
    "sender's error and not retried.",
)
def test_a_patch_of_a_thousand_operations_is_refused_at_once(provider: Provider, user: User) -> None:
    """Eight hundred took 54 seconds, under a lock."""
    _, made = provider.ask("POST", "/Users", user("e-501"))
    each = [{"op": "add", "path": "emails", "value": [{"value": f"a{n}@x.example", "type": "work"}]} for n in range(1000)]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": each}
    began = time.monotonic()
    assert provider.ask("PATCH", f"/Users/{made['id']}", body)[0] == 413
    assert time.monotonic() - began < 20
    assert provider.ask("PATCH", f"/Users/{made['id']}", body | {"Operations": each[:20]})[0] in (200, 204)
