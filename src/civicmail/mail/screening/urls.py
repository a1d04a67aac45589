"""Where a link leads, read as browsers read it (WHATWG URL), and to whom a host belongs (Public Suffix List). Pure, offline."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

import can_ada
import tldextract

WEB = frozenset({"http:", "https:", "ftp:", "ws:", "wss:"})
CARRIED = frozenset({"data:", "javascript:", "vbscript:"})
"""Schemes of links that carry what they show in themselves."""
LONGEST = 16_384
"""Characters of a link that are read: its host stands at its beginning."""

_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
"""From the list in the package: without these arguments it would ask the network for a newer one."""
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z|\[")
_PRIVATE = tuple(map(ipaddress.ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "::/127", "fc00::/7", "fe80::/10",
)))  # fmt: skip
"""Addresses of one's own network or machine (RFC 1918, 3927, 4193, 6598)."""
_SCHEMELESS = re.compile(r"(?:www\.|[/\\]{2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """scheme: with its colon; host: A-labels, or an IP address in its one spelling, "" where nobody is asked; user: whether it
    has something with an @ before its host."""

    scheme: str
    host: str
    user: bool = False

    @property
    def is_address(self) -> bool:
        return _ADDRESS.match(self.host) is not None

    @property
    def is_private(self) -> bool:
        """Whether it is an address that no sender can stand behind: of the reader's own network or machine."""
        if not self.is_address:
            return False
        address = ipaddress.ip_address(self.host.strip("[]"))
        inner = getattr(address, "ipv4_mapped", None) or address
        return any(inner in network for network in _PRIVATE)


def read(url: str) -> LinkTarget | None:
    """None for what no browser follows: a broken link, a place on the same page."""
    return _remembered(url) if len(url) <= _REMEMBER else _read(url)


def _read(url: str) -> LinkTarget | None:
    plain = url.strip()[:LONGEST]
    if _SCHEMELESS.match(plain):
        plain = f"http:{plain}" if plain[0] in "/\\" else f"http://{plain}"
    try:
        parsed = can_ada.parse(plain)
    except (ValueError, UnicodeError):
        return None
    scheme = parsed.protocol
    if scheme not in WEB:
        return LinkTarget(scheme, "")
    return LinkTarget(scheme, parsed.hostname.rstrip("."), "@" in plain and parsed.has_credentials())


# Several checks read each link of a message; very long ones are not worth the memory.
_REMEMBER = 512
_remembered = lru_cache(maxsize=4096)(_read)


@lru_cache(maxsize=1 << 14)
def split(host: str) -> tuple[str, str, str]:
    """What stands before the registered name, that name, and the public suffix behind it: ("www", "city", "gov"). Names below no
    known suffix are registered below their last label; an IP address and a bare suffix have no name."""
    parts = _SUFFIXES.extract_str(host)
    if parts.suffix or _ADDRESS.match(host):
        return parts.subdomain, parts.domain if parts.suffix else "", parts.suffix or host
    before, _, last = host.lower().rstrip(".").rpartition(".")
    subdomain, _, name = before.rpartition(".")
    return subdomain, name, last


def registrable(host: str) -> str:
    """The domain that somebody registered: city.gov of www.city.gov; the host itself where nobody can have."""
    _, name, suffix = split(host)
    return f"{name}.{suffix}" if name else suffix


def can_be(domain: str) -> bool:
    """Whether anybody can have such a domain in the Internet or at home: it lies below a public suffix or a reserved name."""
    return bool(_SUFFIXES.extract_str(domain).suffix) or domain.rpartition(".")[2] in _RESERVED or bool(_ADDRESS.match(domain))


_RESERVED = frozenset({"example", "test", "localhost", "local", "localdomain", "internal", "lan", "home", "corp", "intranet"})
"""RFC 2606, RFC 6762, and what offices call their own network."""
