"""Parse links as browsers do (WHATWG URL), and find the registered domain of a host (Public Suffix List). Pure, offline."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

import can_ada
from publicsuffixlist import PublicSuffixList

WEB = frozenset({"http:", "https:", "ftp:", "ws:", "wss:"})
CARRIED = frozenset({"data:", "javascript:", "vbscript:"})
"""Schemes of links that carry their content."""
LONGEST = 16_384
"""Characters of a link that are read; its host is at the beginning."""

_SUFFIXES = PublicSuffixList(accept_unknown=False, accept_encoded_idn=False)
"""The list in the package, read at import, in Unicode as it is published."""
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z|\[")
_PRIVATE = tuple(map(ipaddress.ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "::/127", "fc00::/7", "fe80::/10",
)))  # fmt: skip
"""Addresses of one's own network or machine (RFC 1918, 3927, 4193, 6598)."""
_SCHEMELESS = re.compile(r"(?:www\.|[/\\]{2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """scheme: with colon; host: A-labels, or an IP address in canonical form, "" for none; user: whether user information precedes
    the host."""

    scheme: str
    host: str
    user: bool = False

    @property
    def is_address(self) -> bool:
        return _ADDRESS.match(self.host) is not None

    @property
    def is_private(self) -> bool:
        """Whether it is an address of the reader's own network or machine, where no sender can be."""
        if not self.is_address:
            return False
        address = ipaddress.ip_address(self.host.strip("[]"))
        inner = getattr(address, "ipv4_mapped", None) or address
        return any(inner in network for network in _PRIVATE)


def read(url: str) -> LinkTarget | None:
    """Parse a link; None for one that no browser follows: a broken link, or a place on the same page."""
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
    """Subdomain, registered name and public suffix of a host: ("www", "city", "gov"). Without a known suffix the last label counts
    as one; an IP address and a bare suffix have no name."""
    labels = host.lower().rstrip(".").split(".")
    known = _suffix_length(host)
    if not known and _ADDRESS.match(host):
        return "", "", host
    first = len(labels) - max(known, 1)
    return ".".join(labels[: max(first - 1, 0)]), labels[first - 1] if first else "", ".".join(labels[first:])


def _suffix_length(host: str) -> int:
    """The number of labels of the public suffix of a host; 0 for none."""
    host = host.lower().rstrip(".")
    if "xn--" in host:
        host = can_ada.idna_decode(host.encode(errors="replace"))  # type: ignore[arg-type]  # its types say str, and it takes bytes
    suffix = _SUFFIXES.publicsuffix(host)
    return suffix.count(".") + 1 if suffix else 0


def registrable(host: str) -> str:
    """The registered domain: city.gov for www.city.gov; the host itself where nobody can register one."""
    _, name, suffix = split(host)
    return f"{name}.{suffix}" if name else suffix


def can_be(domain: str) -> bool:
    """Whether such a domain can exist on the Internet or a local network: below a public suffix or a reserved name."""
    return _suffix_length(domain) > 0 or domain.rpartition(".")[2] in _RESERVED or bool(_ADDRESS.match(domain))


_RESERVED = frozenset({"example", "test", "localhost", "local", "localdomain", "internal", "lan", "home", "corp", "intranet"})
"""RFC 2606, RFC 6762, and common names of local networks."""
