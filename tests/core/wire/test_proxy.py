"""The PROXY header of a balancer: both versions, cut anywhere, and nothing else."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.errors import WireError
from civicmail.core.wire.proxy import Proxied, parse_proxy

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_2(client: str, command: int = 0x21, more: bytes = b"") -> bytes:
    address = ipaddress.ip_address(client).packed
    rest = address + address + struct.pack("!HH", 1, 25) + more
    return SIGNATURE + struct.pack("!BBH", command, 0x11 if len(address) == 4 else 0x21, len(rest)) + rest


HEADERS = [
    (b"PROXY TCP4 192.0.2.7 192.0.2.1 4321 25\r\n", "192.0.2.7"),
    (b"PROXY TCP6 2001:db8::7 2001:db8::1 4321 25\r\n", "2001:db8::7"),
    (b"PROXY UNKNOWN\r\n", ""),
    (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", ""),
    (version_2("192.0.2.7"), "192.0.2.7"),
    (version_2("2001:db8::7", more=b"\x04\0\x01x"), "2001:db8::7"),
    (version_2("192.0.2.7", command=0x20), ""),
]


@pytest.mark.parametrize(("header", "client"), HEADERS)
def test_a_header_is_read_when_it_is_whole_and_not_before(header: bytes, client: str) -> None:
    assert parse_proxy(header + b"EHLO x\r\n") == Proxied(client, len(header))
    assert all(parse_proxy(header[:n]) is None for n in range(1, len(header)))


@pytest.mark.parametrize(
    "wrong",
    [
        b"EHLO x\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.1 4321\r\n",
        b"PROXY TCP4 nowhere 192.0.2.1 4321 25\r\n",
        b"PROXY UDP4 192.0.2.7 192.0.2.1 4321 25\r\n",
        b"PROXY TCP4 " + b"1" * 200,
        b"PROXIES",
        b"POST / HTTP/1.1\r\n",
        SIGNATURE + b"\x11\x11\0\x0c" + bytes(12),
        SIGNATURE + b"\x21\x31\0\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\0\x01" + bytes(1),
    ],
)
def test_anything_else_is_refused(wrong: bytes) -> None:
    with pytest.raises(WireError):
        parse_proxy(wrong)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=60)
    | st.binary(max_size=40).map(lambda b: SIGNATURE + b)
    | st.binary(max_size=40).map(lambda b: b"PROXY " + b)
)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        found = parse_proxy(data)
    except WireError:
        return
    assert found is None or found.size <= len(data)
