"""Where somebody is who is reached by a host, or comes from a client: on this machine, and in which network."""

from __future__ import annotations

import ipaddress


def is_here(host: str) -> bool:
    """Whether a name or an address is this machine and no other."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def network_of(client: str, *, v6: int = 48) -> str:
    """The network that counts as one client, /24 or /48; "" for what is no address. v6: a site's, or one line's, which is /64."""
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
