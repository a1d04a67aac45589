"""Which next hop takes a recipient's copy: route by domain, then local for our own domains, else outbound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from civicmail.core.config.settings import Settings
from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import Path as WirePath
from civicmail.core.wire.paths import parse_path
from civicmail.mail.courier.errors import BadHop

_PORTS = {"smtp": 25, "lmtp": 24}


@dataclass(frozen=True, slots=True)
class Hop:
    """A place that mail is handed to; as text the way the settings write it."""

    kind: Literal["maildir", "smtp", "lmtp"]
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.kind == "maildir":
            return "maildir"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"


def parse_hop(text: str) -> Hop | None:
    """The hop that a setting names; None for the empty text (such mail waits); BadHop for anything else."""
    if not text:
        return None
    if text == "maildir":
        return Hop("maildir")
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError:
        host, port, url = "", None, urlsplit("")
    if url.scheme not in _PORTS or not host or url.path.strip("/") or url.query or url.username is not None:
        raise BadHop(f"{text!r} is no next hop: write maildir, smtp://host:port or lmtp://host:port.")
    return Hop("smtp" if url.scheme == "smtp" else "lmtp", host, port or _PORTS[url.scheme])


class Routes:
    """The next hops of an installation."""

    def __init__(self, settings: Settings) -> None:
        courier = settings.courier
        self._domains = frozenset(d.lower() for d in settings.city.domains)
        self._home = settings.city.domains[0].lower()
        self._local = parse_hop(courier.local)
        self._outbound = parse_hop(courier.outbound)
        self._route = {domain.lower(): parse_hop(hop) for domain, hop in courier.route.items()}

    def hop_for(self, address: str) -> Hop | None:
        """Where mail for this envelope address goes; None when it has to wait for a setting."""
        domain = self.split(address).domain
        if domain in self._route:
            return self._route[domain]
        return self._local if domain in self._domains else self._outbound

    def is_ours(self, address: str) -> bool:
        """Whether the address lies in a domain of the city."""
        return bool(address) and self.split(address).domain in self._domains

    def split(self, address: str) -> WirePath:
        """Local part and domain; an address without a domain (postmaster) lies in our first one."""
        try:
            path = parse_path(address)
        except PathError:
            local, _, domain = address.rpartition("@")
            path = WirePath(local or domain, domain.lower() if local else "", address)
        return path if path.domain else WirePath(path.local, self._home, path.raw)
