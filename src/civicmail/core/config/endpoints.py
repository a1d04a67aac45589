"""Formats of hosts, ports, addresses and URLs in settings."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

Check = Callable[[Any], str]

DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*\Z")
_PORT_THERE = r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
"""A port that can be connected to: 1 to 65535."""
_HOST_THERE = r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
_AT = rf"{_HOST_THERE}:{_PORT_THERE}"
_AT_MOST = rf"{_HOST_THERE}(?::{_PORT_THERE})?"
_HOP = re.compile(rf"(?:smtp|smtps|lmtp)://{_AT}/?\Z|lmtp:///.+\Z")
_TLS = re.compile(rf"tls://{_AT}\Z")
_POSTGRESQL = re.compile(r"postgresql://[^\s/]*/[A-Za-z0-9_-]+\Z")
_HTTP = re.compile(rf"http://{_AT}/?\Z")
_HOOK = re.compile(rf"https://{_AT_MOST}(?:/[!-~]*)?\Z")
_HOOK_HERE = re.compile(rf"http://(?:127\.[0-9.]+|\[::1\]|localhost)(?::{_PORT_THERE})?(?:/[!-~]*)?\Z")
_PAGES = re.compile(rf"https?://(?:\[[0-9A-Fa-f:.]+\]|[a-z0-9.-]+)(?::{_PORT_THERE})?\Z")
_PLACE = re.compile(rf"unix:/.+|{_AT}\Z")
_RECEIVER = re.compile(rf"(?:tls|tcp|udp)://{_AT}\Z|unix:/.+\Z")
_PORT_ALONE = re.compile(rf"{_PORT_THERE}\Z")
_LDAP = re.compile(rf"ldaps?://{_AT_MOST}/?\Z")
_PARTNER = re.compile(rf"smtp://{_AT}/?\Z")
_NAMESERVER = re.compile(rf"(?:\[[0-9A-Fa-f:.]+\]|[0-9.]+):{_PORT_THERE}\Z")
_BOXES = re.compile(rf"imaps?://{_AT_MOST}/?\Z")


def address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "must be an IP address, like 127.0.0.1, 0.0.0.0 or ::"
    return ""


def next_hop(*words: str) -> Check:
    return lambda value: "" if value in words or _HOP.match(value) else "must be like smtp://host:25 or lmtp://host:24"


def standby(value: str) -> str:
    return "" if not value or value.startswith("/") or _TLS.match(value) else "must be a folder like /mnt/copy, or tls://host:port"


def routes(value: dict[str, str]) -> str:
    wrong = [d for d, hop in value.items() if not (hop == "maildir" or _HOP.match(hop))]
    return f"for {wrong[0]} must be maildir, or like smtp://host:25 or lmtp://host:24" if wrong else ""


def database(value: str) -> str:
    return "" if not value or _POSTGRESQL.match(value) else "must be like postgresql://user@host:5432/name"


def http(value: str) -> str:
    return "" if not value or _HTTP.match(value) else "must be like http://127.0.0.1:8080"


def hook(value: str) -> str:
    good = _HOOK.match(value) or _HOOK_HERE.match(value)
    return "" if good else "must be like https://id.city.example/ended, or http:// on this machine"


def pages(value: str) -> str:
    return "" if not value or _PAGES.match(value) else "must be like https://mail.city.example, without a slash at its end"


def program_service(secure: str, plain: str, port: int) -> Check:
    """A service by its name in RFC 8314: with TLS from the start, or with STARTTLS."""
    form = re.compile(rf"(?:{secure}|{plain})://[a-z0-9.-]+:{_PORT_THERE}\Z")
    return lambda value: "" if not value or form.match(value) else f"must be like {secure}://mail.city.example:{port}"


def socket(value: str) -> str:
    return "" if not value or _PLACE.match(value) else "must be like 127.0.0.1:3310 or unix:/run/clamav/clamd.ctl"


def receiver(value: str) -> str:
    return "" if not value or _RECEIVER.match(value) else "must be like tls://siem.city.example:6514, or tcp, udp, or unix:/dev/log"


def resolvers(value: list[str]) -> str:
    for entry in value:
        host, _, port = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "53")
        if address(host.strip("[]")) or not _PORT_ALONE.match(port):
            return f"has {entry!r}, which is no address like 192.0.2.53 or 127.0.0.1:5353"
    return ""


def ldap(value: str) -> str:
    return "" if not value or _LDAP.match(value) else "must be like ldaps://ldap.city.example:636"


def partner(value: str) -> str:
    return "" if not value or _PARTNER.match(value) else "must be like smtp://mx.agency.example:25"


def nameserver(value: str) -> str:
    """A resolver for DNSSEC must be named: anyone between could claim that records are signed."""
    return "" if not value or _NAMESERVER.match(value) else "must be like 127.0.0.1:53 or [::1]:53"


def hostname(value: str) -> str:
    return "" if not value or DOMAIN.match(value.lower()) else "must be a host name like mail.city.example"


def imap_server(value: str) -> str:
    return "" if not value or _BOXES.match(value) else "must be like imaps://imap.city.example:993"


def provider(value: str) -> str:
    """An identity provider must use TLS, except on this machine."""
    good = not value or _HOOK.match(value) or _HOOK_HERE.match(value)
    return "" if good else "must be like https://id.city.example, or http:// on this machine"


def pages_listener(value: str) -> str:
    return "" if value.startswith(("/", "unix:/")) else address(value)
