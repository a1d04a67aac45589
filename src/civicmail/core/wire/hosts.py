"""Classify hosts and client addresses: on this machine, public, and in which network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_this_machine(host: str) -> bool:
    """Whether a name or an address is this machine and no other."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_public(address: str, inside: Sequence[str] = ()) -> bool:
    """Whether an address is public, or in one of these networks. NAT64 addresses count like their IPv4 address (RFC 6052 2.1)."""
    ip = _address(address.partition("%")[0])
    if ip is None:
        return False
    if any(ip in ipaddress.ip_network(network, strict=False) for network in inside):
        return True
    last = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else ip
    return last.is_global and not last.is_multicast


def public_addresses(host: str, port: int, infos: Iterable[tuple[Any, ...]], inside: Sequence[str] = ()) -> list[str]:
    """The permitted addresses of a getaddrinfo result for a name from a stranger's zone, which may name our own machines, and
    different ones at each query (DNS rebinding). Raises OSError if none remains."""
    addresses = [str(info[4][0]) for info in infos]
    if not (left := [a for a in dict.fromkeys(addresses) if is_public(a, inside)]):
        raise OSError(0, f"{host}, port {port}, leads to no public address")
    return left


def network_of(client: str, *, v6: int = 48) -> str:
    """The network that counts as one client, /24 or /48; "" for an invalid address. v6: prefix of a site, or /64 for one line."""
    address = _address(client)
    if address is None:
        return ""
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else v6), strict=False))


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 address that came over an IPv6 socket is what it is."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address if isinstance(address, ipaddress.IPv4Address) else address.ipv4_mapped or address
