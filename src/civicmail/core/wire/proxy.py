"""The PROXY protocol, versions 1 and 2, by which a load balancer names the client (haproxy.org, proxy-protocol.txt)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from civicmail.core.wire.errors import WireError

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_V1_MOST = 107  # bytes of the longest version 1 line, with CRLF
_V2 = struct.Struct("!12sBBH")
_FAMILIES = {0x1: 4, 0x2: 16}  # AF_INET, AF_INET6: bytes of an address
_PROXY, _LOCAL = 0x21, 0x20


@dataclass(frozen=True, slots=True)
class Proxied:
    """client: IP address, "" when the balancer speaks for itself (a health check). size: bytes of the header."""

    client: str
    size: int


def parse_proxy(buffer: bytes) -> Proxied | None:
    """The header at the beginning of a connection; None when more bytes are needed. Raises WireError for anything else."""
    if buffer[:1] == b"P":
        return _version_1(buffer)
    if _SIGNATURE.startswith(buffer[:12]) or buffer.startswith(_SIGNATURE):
        return _version_2(buffer)
    raise WireError("A connection from a balancer does not begin with a PROXY header.")


def _version_1(buffer: bytes) -> Proxied | None:
    end = buffer.find(b"\r\n", 0, _V1_MOST)
    if end < 0:
        if len(buffer) >= _V1_MOST or not b"PROXY ".startswith(buffer[:6]):
            raise WireError("The PROXY header has no end.")
        return None
    words = buffer[:end].decode("latin-1").split(" ")
    if words[0] != "PROXY" or len(words) < 2:
        raise WireError("The PROXY header is not one.")
    if words[1] == "UNKNOWN":
        return Proxied("", end + 2)
    if words[1] not in ("TCP4", "TCP6") or len(words) != 6:
        raise WireError("The PROXY header names no TCP connection.")
    try:
        address = ipaddress.ip_address(words[2])
    except ValueError:
        raise WireError("The PROXY header names no address.") from None
    return Proxied(str(address), end + 2)


def _version_2(buffer: bytes) -> Proxied | None:
    if len(buffer) < _V2.size:
        return None
    _, command, family, length = _V2.unpack_from(buffer)
    size = _V2.size + length
    if len(buffer) < size:
        return None
    if command == _LOCAL:
        return Proxied("", size)
    width = _FAMILIES.get(family >> 4)
    if command != _PROXY or width is None or length < 2 * width + 4:
        raise WireError("The PROXY header names no TCP connection.")
    return Proxied(str(ipaddress.ip_address(buffer[_V2.size : _V2.size + width])), size)
