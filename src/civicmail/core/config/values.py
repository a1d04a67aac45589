"""What a setting may be beyond its type: one of a few words, a range, a shape."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*\Z")
_HOP = re.compile(r"(?:smtp|smtps|lmtp)://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}/?\Z|lmtp:///.+\Z")

_TLS = re.compile(r"tls://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}\Z")

Check = Callable[[Any], str]


def _one_of(*words: str) -> Check:
    named = [w for w in words if w]
    return lambda value: "" if value in words else f"must be one of {', '.join(named)}"


def _between(least: int, most: int) -> Check:
    return lambda value: "" if least <= value <= most else f"must be between {least} and {most}"


def _domains(value: list[str]) -> str:
    if not value:
        return "must name at least one domain"
    wrong = [d for d in value if not _DOMAIN.match(d)]
    return f"has {wrong[0]!r}, which is no domain in lower case" if wrong else ""


def _networks(value: list[str]) -> str:
    for network in value:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            return f"has {network!r}, which is no network like 192.0.2.0/24"
    return ""


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "must be an IP address, like 127.0.0.1, 0.0.0.0 or ::"
    return ""


def _hop(*words: str) -> Check:
    return lambda value: "" if value in words or _HOP.match(value) else "must be like smtp://host:25 or lmtp://host:24"


def _standby(value: str) -> str:
    return "" if not value or value.startswith("/") or _TLS.match(value) else "must be a folder like /mnt/copy, or tls://host:port"


def _routes(value: dict[str, str]) -> str:
    wrong = [d for d, hop in value.items() if not (hop == "maildir" or _HOP.match(hop))]
    return f"for {wrong[0]} must be maildir, or like smtp://host:25 or lmtp://host:24" if wrong else ""


_POSITIVE = _between(1, 1 << 62)
_PORT = _between(0, 65_535)

_CHECKS: dict[tuple[str, str], Check] = {
    ("City", "domains"): _domains,
    ("Listener", "kind"): _one_of("mx", "submission", "relay", "lmtp", "journal"),
    ("Listener", "address"): _address,
    ("Listener", "port"): _PORT,
    ("Listener", "peers"): _networks,
    ("Listener", "xclient"): _networks,
    ("Listener", "proxy"): _networks,
    ("Listener", "verdicts"): _networks,
    ("Listener", "tls"): _one_of("starttls", "implicit", "off"),
    ("Listener", "line_ends"): _one_of("", "reject", "normalise"),
    ("Gateway", "processes"): _between(1, 64),
    ("Gateway", "max_message"): _POSITIVE,
    ("Gateway", "max_recipients"): _between(100, 1_000_000),  # RFC 5321 4.5.3.1.8
    ("Gateway", "max_connections"): _POSITIVE,
    ("Gateway", "max_per_address"): _POSITIVE,
    ("Gateway", "max_received"): _between(10, 1000),
    ("Gateway", "timeout"): _POSITIVE,
    ("Gateway", "min_free"): _between(0, 1 << 62),
    ("Courier", "local"): _hop("maildir"),
    ("Courier", "outbound"): _hop(""),
    ("Courier", "elsewhere"): _hop("", "maildir"),
    ("Courier", "route"): _routes,
    ("Courier", "retry_first"): _POSITIVE,
    ("Courier", "retry_most"): _POSITIVE,
    ("Courier", "expire"): _POSITIVE,
    ("Courier", "concurrency"): _between(1, 1000),
    ("Courier", "timeout"): _POSITIVE,
    ("Courier", "tls"): _one_of("opportunistic", "required", "off"),
    ("Archive", "unsealed_most"): _POSITIVE,
    ("Archive", "seal_every"): _POSITIVE,
    ("Archive", "checkpoint_every"): _POSITIVE,
    ("Archive", "acknowledge"): _one_of("local", "standby"),
    ("Archive", "standby"): _standby,
    ("Archive", "standby_wait"): _between(1, 240),  # RFC 5321 4.5.3.2.6: a client waits ten minutes
    ("Archive", "without_standby"): _one_of("later", "local"),
    ("Search", "memory"): _between(15_000_000, 1 << 32),  # Tantivy refuses less
    ("Search", "open_writers"): _between(1, 64),
    ("Web", "address"): _address,
    ("Web", "port"): _PORT,
    ("Log", "level"): _one_of("debug", "info", "warning", "error"),
    ("Log", "format"): _one_of("text", "json"),
}


def complaint(key: tuple[str, str], value: Any) -> str:
    """What is wrong with the value of (class, setting), as the end of a sentence; empty when nothing is."""
    check = _CHECKS.get(key)
    return check(value) if check else ""
