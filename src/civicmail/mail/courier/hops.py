"""Which next hop takes a recipient's copy.

In this order: the route of its address; for our domains `elsewhere` where its department is not live; the route of its domain;
local for our domains, outbound for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal
from urllib.parse import urlsplit

from civicmail.city.directory.modes import Modes
from civicmail.city.policy.delivery import Mode
from civicmail.core.config.settings import Settings
from civicmail.core.wire.paths import Path as WirePath
from civicmail.mail.courier.errors import BadHop

_PORTS = {"smtp": 25, "lmtp": 24}


@dataclass(frozen=True, slots=True)
class Hop:
    """A place that mail is handed to; as text the way the settings write it. inside: it serves mailboxes of people who are here.
    secure: no place, but the ways by which a copy leaves encrypted (secure_delivery.py)."""

    kind: Literal["maildir", "smtp", "lmtp", "secure"]
    host: str = ""
    port: int = 0
    inside: bool = False

    def __str__(self) -> str:
        if self.kind in ("maildir", "secure"):
            return self.kind
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"


SECURE = Hop("secure")
DESTINATIONS = ("local", "outbound", "elsewhere", "route", "secure")
"""Kinds of next hops in the settings."""


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
        raise BadHop(f"{text!r} is not a next hop: write maildir, smtp://host:port or lmtp://host:port.")
    return Hop("smtp" if url.scheme == "smtp" else "lmtp", host, port or _PORTS[url.scheme])


class Routes:
    """The next hops of an installation. modes: mode of each address; None: every address of our domains is live here."""

    def __init__(self, settings: Settings, modes: Modes | None = None) -> None:
        courier = settings.courier
        self.modes = modes or Modes(settings)
        self._local = parse_hop(courier.local)
        self._outbound = parse_hop(courier.outbound)
        self._elsewhere = parse_hop(courier.elsewhere)
        self._route = {key.lower(): parse_hop(hop) for key, hop in courier.route.items()}

    def hop_for(self, address: str) -> Hop | None:
        """The next hop for this envelope address; None if a setting is missing and the mail must wait."""
        path, mode = self.split(address), self.modes.of(address)
        for key in self._mailbox(path):
            if key in self._route:
                return _inside(self._route[key], mode)
        if mode in ("elsewhere", "observe"):
            return self._elsewhere
        hop = self._route.get(path.domain, self._local if mode else self._outbound)
        return _inside(hop, mode)

    def kind_of(self, hop: Hop) -> str:
        """The kind of a next hop in these settings, one of DESTINATIONS: for metrics without addresses."""
        place = replace(hop, inside=False)
        for name, known in (("local", self._local), ("outbound", self._outbound), ("elsewhere", self._elsewhere)):
            if place == known:
                return name
        return "secure" if hop.kind == "secure" else "route"

    def route_of(self, address: str, *, secure: bool) -> Hop | None:
        """Like hop_for, but mail that must be encrypted and leaves the city gets its own route (P-19)."""
        return SECURE if secure and self.modes.of(address) is None else self.hop_for(address)

    def _mailbox(self, path: WirePath) -> tuple[str, str]:
        """The address as a route names it, and without what follows a plus."""
        local = path.local.lower()
        return f"{local}@{path.domain}", f"{local.partition('+')[0]}@{path.domain}"

    def is_ours(self, address: str) -> bool:
        """Whether the address is in a domain of the city."""
        return bool(address) and self.modes.of(address) is not None

    def split(self, address: str) -> WirePath:
        """Local part and domain; an address without a domain (postmaster) belongs to our first one."""
        return self.modes.split(address)


@cache
def _inside(hop: Hop | None, mode: Mode | None) -> Hop | None:
    return replace(hop, inside=True) if hop is not None and mode == "live" else hop
