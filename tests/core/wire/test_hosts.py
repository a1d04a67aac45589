"""Hosts and clients: which are this machine, and which count as one."""

from __future__ import annotations

import pytest

from civicmail.core.wire.hosts import is_here, network_of


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
    assert is_here(host) is here


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
    """R-918."""
    assert network_of(client) == network
