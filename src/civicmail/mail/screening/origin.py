"""Which client delivered a message to the city; SPF applies to this client alone.

Behind a server of ours it is the client that the server names (XCLIENT sets the envelope's client, XFORWARD a parameter). When the
server names none, the client is on our own network, and of SPF only the server's own header verdict is known, if the settings
trust it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope
from civicmail.mail.screening.authentication_results import is_from, plain
from civicmail.mail.screening.domains import a_labels

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Where = Literal["outside", "edge", "inside", "here"]

_RESULT = re.compile(r"(?:^|;)\s*(spf|dmarc)\s*=\s*([a-z]+)\b([^;]*)", re.IGNORECASE)
_PROPERTY = re.compile(r"\b(?:smtp\.mailfrom|header\.from)\s*=\s*\"?([^\s;\"()]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """where: outside: client and helo are the sender's; edge: a server of ours whose verdicts count; inside: another server of
    ours, or unknown; here: this machine."""

    client: str
    helo: str
    where: Where


def origin(envelope: Envelope, settings: Settings) -> Origin:
    """The origin of an envelope. Pure; never raises for what a peer claims."""
    attributes: dict[str, str] = {}
    for pair in envelope.params.get("XFORWARD", "").split():
        attributes.setdefault(*pair.partition("=")[::2])  # ADDR comes first; what follows HELO a stranger may have said
    address = attributes.get("ADDR", "").removeprefix("IPv6:").removeprefix("IPV6:")
    if (first := _address(address)) is not None:
        return Origin(
            str(first), attributes.get("HELO", ""), "here" if first.is_loopback else "inside" if _is_inside(first) else "outside"
        )
    peer = _address(envelope.client)
    if peer is None or peer.is_loopback:
        judged = peer is not None and _is_edge(peer, settings)
        return Origin(envelope.client, envelope.helo, "edge" if judged else "here")
    if _is_edge(peer, settings):
        return Origin(str(peer), envelope.helo, "edge")
    return Origin(str(peer), envelope.helo, "inside" if _is_inside(peer) or envelope.protocol == "lmtp" else "outside")


def edge_says(field: str, envelope: Envelope, author: str, settings: Settings) -> tuple[str, str]:
    """SPF and DMARC results of this sender and author in the edge server's Authentication-Results field; "" for none, and when the
    field does not bear the name that the settings give that server: then a stranger wrote it (RFC 8601 5)."""
    spf = dmarc = ""
    if not any(is_from(field, name) for name in _ids(envelope, settings)):
        return spf, dmarc
    for method, result, rest in _RESULT.findall(plain(field)):
        named = _PROPERTY.search(rest)
        domain = a_labels(named[1].rpartition("@")[2]) if named else ""
        if method.lower() == "spf" and not spf and domain and domain == a_labels(envelope.sender.rpartition("@")[2]):
            spf = result.lower()
        elif method.lower() == "dmarc" and not dmarc and domain == author:
            dmarc = result.lower()
    return spf, dmarc


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


_INSIDE = tuple(
    ipaddress.ip_network(name)
    for name in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


@lru_cache(maxsize=4096)
def _is_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether no outside host can have this address (RFC 1918, 6598, 3927, 4193)."""
    return any(address in network for network in _INSIDE)


def _ids(envelope: Envelope, settings: Settings) -> list[str]:
    """The authserv-ids of the edge server that delivered the message."""
    peer = _address(envelope.client)
    of = [listener for listener in settings.gateway.listener if listener.verdicts_id]
    return [one.verdicts_id for one in of if peer is not None and any(peer in n for n in _networks(tuple(one.verdicts)))]


def _is_edge(address: ipaddress.IPv4Address | ipaddress.IPv6Address, settings: Settings) -> bool:
    names = tuple(name for listener in settings.gateway.listener for name in listener.verdicts)
    return any(address in network for network in _networks(names))


@lru_cache(maxsize=8)
def _networks(names: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)
