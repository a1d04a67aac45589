"""Nobody relays through an outside listener, however the address is written (P-06; open-relay forms)."""

from __future__ import annotations

import pytest

from civicmail.core.wire.paths import parse_path
from civicmail.mail.gateway.recipients import recipient_address, recipient_reply, sender_reply

DOMAINS = frozenset({"city.example", "xn--stdte-hra.example"})
OTHERS = ["b@elsewhere.example", "b@sub.city.example", "b@[127.0.0.1]", "b@[IPv6:::1]", "postmaster@elsewhere.example"]
HIDDEN = [
    "b%elsewhere.example@city.example",
    "elsewhere.example!b@city.example",
    '"b@elsewhere.example"@city.example',
    '"b%c"@city.example',
]
OURS = ["b@city.example", "B@CITY.Example", '"b c"@city.example', "b+tag@city.example", "b@städte.example"]
ALWAYS = ["postmaster", "PostMaster", "postmaster@city.example", "abuse@city.example", "Abuse@City.Example"]


@pytest.mark.rule("P-06, promise 5", "Mail for other people's domains is refused on an outside listener.")
@pytest.mark.parametrize("raw", OTHERS)
def test_other_domains_are_refused_from_outside_and_taken_from_peers(raw: str) -> None:
    assert recipient_reply("mx", parse_path(raw), DOMAINS).startswith("550 5.7.1 ")
    for kind in ("relay", "lmtp", "journal"):
        assert recipient_reply(kind, parse_path(raw), DOMAINS).startswith("250 ")


@pytest.mark.rule("P-06, promise 5", "A second hop inside the local part (%, !, @) is refused on every listener.")
@pytest.mark.parametrize("raw", HIDDEN)
@pytest.mark.parametrize("kind", ["mx", "relay", "lmtp", "journal"])
def test_a_second_hop_inside_our_domain_is_refused_everywhere(kind: str, raw: str) -> None:
    assert recipient_reply(kind, parse_path(raw), DOMAINS).startswith("550 5.7.1 ")


@pytest.mark.rule("P-06", "postmaster always works, with and without a domain.")
@pytest.mark.parametrize("raw", OURS + ALWAYS)
@pytest.mark.parametrize("kind", ["mx", "relay", "lmtp"])
def test_our_domains_postmaster_and_abuse_are_taken(kind: str, raw: str) -> None:
    assert recipient_reply(kind, parse_path(raw), DOMAINS).startswith("250 ")


def test_a_recipient_without_domain_is_only_postmaster() -> None:
    assert recipient_reply("relay", parse_path("root"), DOMAINS).startswith("553 5.1.3 ")
    assert recipient_address(parse_path("Postmaster"), ["city.example"]) == "Postmaster@city.example"
    assert recipient_address(parse_path('"a b"@City.example'), ["x.example"]) == '"a b"@City.example'


def test_a_sender_without_domain_is_taken_from_devices_only() -> None:
    assert sender_reply("mx", parse_path("root")).startswith("553 5.1.7 ")
    assert sender_reply("relay", parse_path("root")).startswith("250 ")
    for raw in ("", "a@b.example"):
        assert sender_reply("mx", parse_path(raw)).startswith("250 ")
