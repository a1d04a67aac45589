"""Connect to another city's server and prove its identity (P-19; RFC 3207, RFC 7672, RFC 8461).

Pinned: the settings state the name in the certificate and its authority. DANE: signed DNS records name the key, or the authority
that must vouch for it (dane.py). MTA-STS: the domain lists its servers over HTTPS and states that each has a valid certificate. If
any part is missing there is no connection: the message takes another route, never a weaker one. A smart host's onward connection
proves nothing to us; the smart host can promise it, and the record calls that a promise (RFC 8689).
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.rdatatype
import dns.resolver
from cryptography import x509

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.settings import Secure
from civicmail.core.wire.client import TlsAnswer
from civicmail.mail.courier import dane, mta_sts
from civicmail.mail.courier.dane import Tlsa
from civicmail.mail.courier.errors import HopDown, LinkLost
from civicmail.mail.courier.hops import Hop, parse_hop
from civicmail.mail.courier.link import Link, connect, greet, say_hello

_DNS_SECONDS = 5.0
_MAX_SERVERS = 5
_FAULTS = (HopDown, LinkLost, ssl.SSLError, OSError)


class Unverified(Exception):
    """The identity of the server cannot be proved; the reason in a few words."""


@dataclass(frozen=True, slots=True)
class Route:
    """A server, and its required certificate: of this name and authority, or as one of these records states. how: pinned, dane or
    mta-sts; names: any of which an authority named by a record may vouch for."""

    hop: Hop
    name: str
    ca: str = ""
    how: str = "pinned"
    records: tuple[Tlsa, ...] = ()
    names: tuple[str, ...] = ()


class VerifiedTls:
    """ca: authorities for servers that are not pinned, instead of the system's; port: of servers that the DNS names; fetch: the
    text of a domain's MTA-STS policy, blocks. Servers named by the DNS are contacted only at public addresses and in networks of
    the settings; otherwise a zone could make us connect to our own machines."""

    def __init__(
        self,
        settings: Secure,
        hostname: str,
        seconds: float,
        port: int = 25,
        ca: str = "",
        fetch: Callable[[str], str] | None = None,
    ) -> None:
        self._ca = ca
        self._fetch = fetch if fetch is not None else partial(mta_sts.fetch, inside=settings.networks)
        self._settings = settings
        self._hostname = hostname
        self._seconds = seconds
        self._port = port

    async def open(self, domain: str) -> tuple[Link, dict[str, Any]]:
        """A connection over which mail for this domain may go, and its proof. Raises NoProof."""
        why = "nothing is known of its servers"
        for route in await self._routes(domain.lower()):
            try:
                return await self._opened(route)
            except _FAULTS as error:
                why = _words(error)
            except Unverified as no:
                why = str(no)
        raise Unverified(why)

    async def open_promised(self, hop: Hop) -> tuple[Link, dict[str, Any]]:
        """A connection to a smart host of ours with a proven identity that offers to use verified TLS onward or not at all (RFC
        8689). Nothing proves its onward connection: `how` says so. Raises NoProof."""
        try:
            link, proof = await self._opened(Route(hop, hop.host, self._ca, "promised"))
        except _FAULTS as error:
            raise Unverified(_words(error)) from None
        if "REQUIRETLS" not in link.client.offers:
            link.close()
            raise Unverified("the smart host does not offer REQUIRETLS")
        return link, proof

    async def _routes(self, domain: str) -> Sequence[Route]:
        pinned = next((p for p in self._settings.partner if p.domain.lower() == domain and p.server), None)
        if pinned is not None:
            hop = parse_hop(pinned.server)
            assert hop is not None
            return [Route(hop, pinned.name or hop.host, pinned.ca)]
        named = await self._named(domain) if self._settings.resolver else []
        if named or not self._settings.mta_sts:  # what DANE says is not overruled (RFC 8461 2)
            return named
        return await self._published(domain)

    async def _opened(self, route: Route) -> tuple[Link, dict[str, Any]]:
        link = await self._secured(route, _context(route))
        try:
            if route.records and not dane.names_key(route.records, (chain := _chain(link))[0]):
                link.abort()
                link = await self._vouched(route, dane.anchors(route.records, chain))
            proof = _proof(link, route)
            await say_hello(link, self._seconds)
        except BaseException:
            link.abort()
            raise
        return link, proof

    async def _vouched(self, route: Route, anchors: list[bytes]) -> Link:
        """Connect again to a server for which one of these authorities must vouch: the chain of the first connection is only a
        claim, and now the TLS library verifies it. Raises NoProof."""
        if not anchors:
            raise Unverified("its certificate is not one that the DNS names")
        context = _bare()
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an authority that is named need not be a root (RFC 7671 5.2.2)
        for anchor in anchors:
            context.load_verify_locations(cadata=anchor)
        link = await self._secured(route, context)
        if not dane.is_for(_names(x509.load_der_x509_certificate(_chain(link)[0])), route.names):
            link.abort()
            raise Unverified("its certificate is for another name")
        return link

    async def _secured(self, route: Route, context: ssl.SSLContext) -> Link:
        """A connection with TLS, unused so far. Raises NoProof if the server offers none."""
        inside = self._settings.networks if route.how in ("dane", "mta-sts") else None
        link = await connect(route.hop, self._hostname, inside)
        try:
            await greet(link, self._seconds)
            if "STARTTLS" not in link.client.offers:
                raise Unverified("its server offers no TLS")
            link.client.start_tls()
            link.flush()
            event = await link.event(self._seconds)
            if not isinstance(event, TlsAnswer) or not event.reply.ok:
                raise Unverified("its server refuses TLS")
            await link.start_tls(context, route.name, self._seconds)
        except BaseException:
            link.abort()
            raise
        return link

    # -- DANE

    async def _named(self, domain: str) -> list[Route]:
        """Servers by signed MX records that have signed TLSA records; an unsigned answer names none."""
        servers = [(r.preference, str(r.exchange).rstrip(".")) for r in await self._signed(domain, "MX")]
        routes = []
        for _, server in sorted(servers)[:_MAX_SERVERS]:
            signed = await self._signed(f"_{self._port}._tcp.{server}", "TLSA")
            records = tuple(r for r in (Tlsa(r.usage, r.selector, r.mtype, r.cert) for r in signed) if r.is_usable)
            if records and server:
                hop = Hop("smtp", server, self._port)
                routes.append(Route(hop, server, how="dane", records=records, names=(server, domain)))
        return routes

    async def _signed(self, name: str, kind: str) -> list[Any]:
        """The records of an answer that the resolver vouches for (AD, RFC 6840 5.7); none where it does not."""
        got = await self._query(name, kind)
        return list(got.rrset or ()) if got is not None and got.response.flags & dns.flags.AD else []

    async def _query(self, name: str, kind: str) -> dns.resolver.Answer | None:
        host, _, port = self._settings.resolver.rpartition(":")
        try:
            resolver = dns.asyncresolver.Resolver(configure=not host)
            if host:
                resolver.nameservers, resolver.port = [host.strip("[]")], int(port)
            resolver.use_edns(0, dns.flags.DO, 1232)
            resolver.flags = dns.flags.RD | dns.flags.AD
            return await resolver.resolve(name, kind, lifetime=_DNS_SECONDS, raise_on_no_answer=False, search=False)
        except (dns.exception.DNSException, OSError, ValueError):
            return None

    # -- MTA-STS

    async def _published(self, domain: str) -> list[Route]:
        """The servers of a policy that is enforced; an authority has to vouch for each under its name."""
        record = await self._query(f"_mta-sts.{domain}", "TXT")
        texts = [b"".join(r.strings).decode("utf-8", "replace") for r in (record.rrset or ())] if record is not None else []
        if not mta_sts.is_published(texts):
            return []
        try:
            policy = mta_sts.parse(await asyncio.to_thread(self._fetch, domain))
        except (OSError, ValueError, http.client.HTTPException):
            return []
        if policy is None or policy.mode != "enforce" or (servers := await self._query(domain, "MX")) is None:
            return []
        by_preference = sorted((r.preference, str(r.exchange).rstrip(".")) for r in servers.rrset or ())
        named = [server for _, server in by_preference if policy.names(server)][:_MAX_SERVERS]
        return [Route(Hop("smtp", server, self._port), server, self._ca, "mta-sts") for server in named]


def _context(route: Route) -> ssl.SSLContext:
    """The TLS context; certificates that DNS records name are checked after the handshake."""
    if route.records:
        context = _bare()
        context.verify_mode = ssl.CERT_NONE
        return context
    context = ssl.create_default_context(cafile=route.ca or None)
    return _strict_enough(context)


def _bare() -> ssl.SSLContext:
    """Of no authority and no name yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    return _strict_enough(context)


def _strict_enough(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities that cities made themselves often lack the extensions it wants
    return context


def _chain(link: Link) -> list[bytes]:
    """The certificates that the server has sent (DER), its own first. Raises NoProof where it has none; Python before 3.13 tells of
    the first alone."""
    tls: Any = link.tls_object
    der = tls.getpeercert(binary_form=True)
    if not der:
        raise Unverified("its server has no certificate")
    get_chain = getattr(tls, "get_unverified_chain", None)
    return [der, *(get_chain()[1:] if get_chain is not None else [])]


def _proof(link: Link, route: Route) -> dict[str, Any]:
    """The proof, as a `delivered` record has it."""
    der = _chain(link)[0]
    version, _, cipher = link.tls.partition(" ")
    return {
        "method": "tls",
        "how": route.how,
        "server": str(route.hop),
        "name": route.name,
        "version": version,
        "cipher": cipher,
        "certificate": hashlib.sha256(der).hexdigest(),
        "names": _names(x509.load_der_x509_certificate(der)),
    }


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)[:10]


def _words(error: Exception) -> str:
    if isinstance(error, CivicmailError):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message.strip('.')}"
    return f"its server cannot be used: {(getattr(error, 'strerror', '') or type(error).__name__).strip('.')}"
