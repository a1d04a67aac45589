"""A connection to another city's own server of which we can prove whom it speaks to (P-19; RFC 3207, RFC 7672, RFC 8461).

Pinned: the settings say which name the certificate bears and which authority issued it. DANE: signed records of the DNS have the
digest of the key. MTA-STS: the domain says over HTTPS which servers are its own, and that each has a good certificate. Whatever is
missing, there is no connection: the message then goes another way, never over a weaker one. What a smart host does behind its own
hop proves nothing to us, so none is used.
"""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.rdatatype
import dns.resolver
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.settings import Secure
from civicmail.core.wire.client import TlsAnswer
from civicmail.mail.courier import sts
from civicmail.mail.courier.errors import HopDown, LinkLost
from civicmail.mail.courier.hops import Hop, parse_hop
from civicmail.mail.courier.link import Link, connect, greet, hello

_DANE_EE = 3  # RFC 7672 3.1.1: the key itself is named; names and dates of its certificate say nothing then
_DNS_SECONDS = 5.0
_SERVERS_MOST = 5


class NoProof(Exception):
    """Why nobody can prove whom a connection would speak to, in a few words."""


@dataclass(frozen=True, slots=True)
class Way:
    """A server, and what its certificate must be: of this name and authority, or of one of these digests (selector, type, hex).
    how: pinned, dane or mta-sts."""

    hop: Hop
    name: str
    ca: str = ""
    how: str = "pinned"
    digests: tuple[tuple[int, int, str], ...] = ()


class Proven:
    """ca: authorities for servers that are not pinned, instead of the system's; port: of servers that the DNS names; fetch: the
    text of a domain's MTA-STS policy, blocks."""

    def __init__(
        self,
        settings: Secure,
        hostname: str,
        seconds: float,
        port: int = 25,
        ca: str = "",
        fetch: Callable[[str], str] = sts.fetched,
    ) -> None:
        self._ca = ca
        self._fetch = fetch
        self._settings = settings
        self._hostname = hostname
        self._seconds = seconds
        self._port = port

    async def open(self, domain: str) -> tuple[Link, dict[str, Any]]:
        """A connection over which mail for this domain may go, and its proof. Raises NoProof."""
        why = "nothing is known of its servers"
        for way in await self._ways(domain.lower()):
            try:
                return await self._opened(way)
            except (HopDown, LinkLost, ssl.SSLError, OSError) as error:
                why = str(error) if isinstance(error, CivicmailError) else _words(error)
            except NoProof as no:
                why = str(no)
        raise NoProof(why)

    async def _ways(self, domain: str) -> Sequence[Way]:
        pinned = next((p for p in self._settings.partner if p.domain.lower() == domain and p.server), None)
        if pinned is not None:
            hop = parse_hop(pinned.server)
            assert hop is not None
            return [Way(hop, pinned.name or hop.host, pinned.ca)]
        named = await self._named(domain) if self._settings.resolver else []
        if named or not self._settings.mta_sts:  # what DANE says is not overruled (RFC 8461 2)
            return named
        return await self._published(domain)

    async def _opened(self, way: Way) -> tuple[Link, dict[str, Any]]:
        link = await connect(way.hop, self._hostname)
        try:
            await greet(link, self._seconds)
            if "STARTTLS" not in link.client.offers:
                raise NoProof("its server offers no TLS")
            link.client.start_tls()
            link.flush()
            event = await link.event(self._seconds)
            if not isinstance(event, TlsAnswer) or not event.reply.ok:
                raise NoProof("its server refuses TLS")
            await link.start_tls(_context(way), way.name, self._seconds)
            proof = _proof(link, way)
            await hello(link, self._seconds)
        except BaseException:
            link.abort()
            raise
        return link, proof

    # -- DANE

    async def _named(self, domain: str) -> list[Way]:
        """Its servers by signed MX records, those with signed TLSA records; an answer that is not signed names nobody."""
        servers = [(r.preference, str(r.exchange).rstrip(".")) for r in await self._signed(domain, "MX")]
        ways = []
        for _, server in sorted(servers)[:_SERVERS_MOST]:
            records = await self._signed(f"_{self._port}._tcp.{server}", "TLSA")
            digests = tuple((r.selector, r.mtype, r.cert.hex()) for r in records if r.usage == _DANE_EE and r.mtype in (0, 1, 2))
            if digests and server:
                ways.append(Way(Hop("smtp", server, self._port), server, how="dane", digests=digests))
        return ways

    async def _signed(self, name: str, kind: str) -> list[Any]:
        """The records of an answer that the resolver vouches for (AD, RFC 6840 5.7); none where it does not."""
        got = await self._asked(name, kind)
        return list(got.rrset or ()) if got is not None and got.response.flags & dns.flags.AD else []

    async def _asked(self, name: str, kind: str) -> dns.resolver.Answer | None:
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

    async def _published(self, domain: str) -> list[Way]:
        """The servers of a policy that is enforced; an authority has to vouch for each under its name."""
        said = await self._asked(f"_mta-sts.{domain}", "TXT")
        texts = [b"".join(r.strings).decode("utf-8", "replace") for r in (said.rrset or ())] if said is not None else []
        if not sts.is_published(texts):
            return []
        try:
            policy = sts.parsed(await asyncio.to_thread(self._fetch, domain))
        except (OSError, ValueError, http.client.HTTPException):
            return []
        if policy is None or policy.mode != "enforce" or (servers := await self._asked(domain, "MX")) is None:
            return []
        found = sorted((r.preference, str(r.exchange).rstrip(".")) for r in servers.rrset or ())
        named = [server for _, server in found if policy.names(server)][:_SERVERS_MOST]
        return [Way(Hop("smtp", server, self._port), server, self._ca, "mta-sts") for server in named]


def _context(way: Way) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=way.ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities that cities made themselves often lack the extensions it wants
    if way.digests:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _proof(link: Link, way: Way) -> dict[str, Any]:
    """What was proven, as a `delivered` record has it. Raises NoProof where a digest does not fit."""
    tls = link.tls_object
    der = tls.getpeercert(binary_form=True)
    if not der:
        raise NoProof("its server has no certificate")
    certificate = x509.load_der_x509_certificate(der)
    if way.digests and not any(_fits(certificate, der, digest) for digest in way.digests):
        raise NoProof("its certificate is not the one that the DNS names")
    version, _, cipher = link.tls.partition(" ")
    return {
        "method": "tls",
        "how": way.how,
        "server": str(way.hop),
        "name": way.name,
        "version": version,
        "cipher": cipher,
        "certificate": hashlib.sha256(der).hexdigest(),
        "names": _names(certificate),
    }


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)[:10]


def _fits(certificate: x509.Certificate, der: bytes, digest: tuple[int, int, str]) -> bool:
    """Whether a TLSA record is of this certificate (RFC 6698 2.1)."""
    selector, kind, wanted = digest
    public = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    content = public if selector == 1 else der
    made = {0: content, 1: hashlib.sha256(content).digest(), 2: hashlib.sha512(content).digest()}[kind]
    return made.hex() == wanted.lower()


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message.strip('.')}"
    return f"its server cannot be used: {(error.strerror or type(error).__name__).strip('.')}"
