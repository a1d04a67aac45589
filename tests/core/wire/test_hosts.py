"""Hosts and clients: which are this machine, and which count as one."""

from __future__ import annotations

import pytest

from civicmail.core.wire.hosts import is_public, is_this_machine, network_of, public_addresses


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.7", False),
        ("0.0.0.0", False),
        ("::", False),
        ("localhost.city.example", False),
        ("127.0.0.1.city.example", False),
        ("", False),
    ],
)
def test_only_a_loopback_address_or_localhost_is_this_machine(host: str, *, here: bool) -> None:
    assert is_this_machine(host) is here


@pytest.mark.rule("P-25", "Clients of one network count as one, on every socket.")
@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_a_client_counts_with_its_network_by_whatever_socket_it_came(client: str, network: str) -> None:
    assert network_of(client) == network


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("198.41.0.4", True),
        ("2001:500:2f::f", True),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("::ffff:10.1.2.3", False),
        ("64:ff9b::a01:203", False),
        ("2002:a01:203::1", False),
        ("64:ff9b::c629:4", True),
        ("localhost", False),
        ("", False),
    ],
)
def test_a_strangers_zone_leads_to_public_addresses_alone(address: str, *, open_: bool) -> None:
    """Nor to what carries one of ours in it; a network of the settings is as good."""
    assert is_public(address) is open_
    assert is_public(address, ["10.0.0.0/8"]) is (open_ or address in ("10.1.2.3", "::ffff:10.1.2.3"))


def test_of_what_a_name_leads_to_the_public_addresses_are_left() -> None:
    """And a name without one is as good as one that is not there."""
    found = [(2, 1, 6, "", (a, 25)) for a in ("127.0.0.1", "198.41.0.4", "198.41.0.4", "10.0.0.1")]
    assert public_addresses("mx.agency.example", 25, found) == ["198.41.0.4"]
    assert public_addresses("mx.agency.example", 25, found, ["10.0.0.0/8"]) == ["198.41.0.4", "10.0.0.1"]
    with pytest.raises(OSError, match="no public address"):
        public_addresses("mx.agency.example", 25, found[:1])
