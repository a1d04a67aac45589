"""A listener made from its settings: what it offers, with which certificate, and who its peers are."""

from __future__ import annotations

import dataclasses
import ipaddress
from dataclasses import dataclass

from civicmail.core.config.settings import Listener, Settings
from civicmail.core.wire.profile import ServerProfile
from civicmail.mail.gateway.certificates import Certificate
from civicmail.mail.gateway.errors import ListenerError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One listener. open_to_all: anybody may connect (mx, and submission, which needs a sign-in). by_certificate: a verified client
    certificate makes a peer. senders: addresses that peers may send from, empty for any. shut_in_clear: peers beyond this machine
    must use TLS (P-19)."""

    kind: str
    address: str
    port: int
    profile: ServerProfile
    certificate: Certificate | None
    implicit: bool
    open_to_all: bool
    peers: tuple[Network, ...]
    by_certificate: bool
    trusted: tuple[Network, ...]
    balancers: tuple[Network, ...]
    judges: tuple[Network, ...] = ()
    senders: frozenset[str] = frozenset()
    requires_tls_remotely: bool = False

    @property
    def name(self) -> str:
        """How receipts and the log call it."""
        return f"{self.address}:{self.port}"

    def is_peer(self, client: str) -> bool:
        """Whether this address may send by its network alone."""
        return self.open_to_all or _within(client, self.peers)

    def is_balancer(self, client: str) -> bool:
        """Whether this address begins its connections with a PROXY header."""
        return bool(self.balancers) and _within(client, self.balancers)

    def trusts_verdicts_of(self, peer: str) -> bool:
        """Whether verdict headers of a message from this peer are findings, decided by the connection and never by the peer's
        claims about its client."""
        return bool(self.judges) and _within(peer, self.judges)

    def profile_for(self, client: str) -> ServerProfile:
        """Extensions that this client is offered, and what it must do first; XCLIENT and XFORWARD only for peers that may speak for
        others."""
        trusted = bool(self.trusted) and _within(client, self.trusted)
        tls = self.profile.require_tls or (self.requires_tls_remotely and not _within(client, _LOOPBACK))
        if not trusted and tls == self.profile.require_tls:
            return self.profile
        return dataclasses.replace(self.profile, xclient=trusted, xforward=trusted, require_tls=tls)


def make_endpoint(listener: Listener, settings: Settings) -> Endpoint:
    """Raises ListenerError when the listener cannot work as it is written."""
    kind = listener.kind
    if listener.proxy and listener.tls == "implicit":
        raise ListenerError("Behind a balancer that sends a PROXY header use STARTTLS, or let the balancer end the TLS connection.")
    certificate = _certificate(listener)
    if kind == "submission" and certificate is None:
        raise ListenerError(
            f"People sign in on port {listener.port}, so it needs a certificate: passwords must not be sent in clear text."
        )
    profile = ServerProfile(
        hostname=settings.city.host,
        protocol="lmtp" if kind == "lmtp" else "smtp",
        newlines="reject" if (listener.line_ends or ("reject" if kind == "mx" else "")) == "reject" else "normalise",
        max_size=settings.gateway.max_message,
        max_recipients=settings.gateway.max_recipients,
        starttls=certificate is not None and listener.tls == "starttls",
        require_tls=kind == "submission",
        auth=kind == "submission",
        dsn=listener.dsn,
        chunking=listener.chunking,
    )
    return Endpoint(
        kind=kind,
        address=listener.address,
        port=listener.port,
        profile=profile,
        certificate=certificate,
        implicit=listener.tls == "implicit",
        open_to_all=kind in ("mx", "submission"),
        peers=_networks(listener.peers) or _LOOPBACK,
        by_certificate=bool(listener.client_ca) and certificate is not None,
        trusted=_networks(listener.xclient),
        balancers=_networks(listener.proxy),
        judges=_networks(listener.verdicts),
        senders=frozenset(listener.senders),
        requires_tls_remotely=certificate is not None and _is_shut_in_clear(listener, settings),
    )


def _is_shut_in_clear(listener: Listener, settings: Settings) -> bool:
    """Whether TLS is required; not if an exception is on record, or if a balancer in front may end TLS."""
    answered = any(entry.door == listener.kind for entry in settings.secure.plain)
    return listener.kind in ("relay", "lmtp", "journal") and not listener.proxy and not answered


def _networks(names: list[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def _certificate(listener: Listener) -> Certificate | None:
    if listener.tls == "off" or not listener.certificate:
        if listener.tls == "implicit" or listener.client_ca:
            raise ListenerError(f"The listener on port {listener.port} needs a certificate for its settings.")
        return None
    return Certificate(listener)


def plain_address(client: str) -> str:
    """An address without a zone, and an IPv4 address that came over an IPv6 socket as what it is."""
    bare = client.partition("%")[0]
    return bare[7:] if bare.startswith("::ffff:") and "." in bare else bare


def _within(client: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    return any(address in network for network in networks)
