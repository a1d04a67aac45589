"""Check when the TLS and signing certificates expire, both ours and those of servers we use."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from civicmail.core.config.settings import Settings
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.front.checkup.wording import when

CHECK = "certificates"
WARN, URGENT = 21 * 24 * HOUR, 3 * 24 * HOUR
"""ms before the last day from which it is a warning, and a problem."""
SECONDS = 3.0
PORTS = {"https": 443, "imaps": 993, "submissions": 465, "ldaps": 636}
"""Schemes that begin with TLS, so that a certificate can be looked at without saying anything."""


def certificates(p: Installation) -> Iterator[Finding]:
    """The last day of each certificate, of files and of servers that show one."""
    ends = expiries(p.settings)
    problems = [finding for what, end in ends.items() if (finding := _finding(what, end, p.now))]
    yield from problems
    if ends and not problems:
        first = min(end for end in ends.values() if isinstance(end, int))
        yield Finding(CHECK, "ok", f"{len(ends)} certificates are good; the first of them ends at {when(first)}.")


def expiries(settings: Settings) -> dict[str, int | str]:
    """Certificate -> expiry in epoch ms, or why it is unknown."""
    ends = {what: _expiry_of_file(Path(file)) for what, file in _files(settings) if file}
    served = dict(_servers(settings))
    with ThreadPoolExecutor(max(1, len(served))) as pool:
        return ends | dict(zip(served, pool.map(_expiry_of_server, served.values()), strict=True))


def _finding(what: str, end: int | str, now: int) -> Finding | None:
    """end: epoch ms, or why it is unknown."""
    renew = f"Renew it, and start what uses it anew: {what}."
    if isinstance(end, str):
        return Finding(CHECK, "problem", f"The certificate of {what} cannot be read: {end}.", f"Look at {what}.")
    if end <= now:
        return Finding(CHECK, "problem", f"The certificate of {what} has ended at {when(end)}.", renew)
    if end - now < WARN:
        days = (end - now) // (24 * HOUR)
        text = f"The certificate of {what} ends at {when(end)}, in {days} {'day' if days == 1 else 'days'}."
        return Finding(CHECK, "problem" if end - now < URGENT else "warning", text, renew)
    return None


def _files(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield (label, path) of certificate files. Missing files are reported by another check."""
    for listener in settings.gateway.listener:
        yield f"{listener.kind} on port {listener.port}", listener.certificate
        yield f"the authority of peers on port {listener.port}", listener.client_ca
    yield f"metrics on port {settings.metrics.port}", settings.metrics.certificate
    for siem in settings.oversight.siem:
        yield f"ours for the SIEM {siem.name}", siem.certificate
        yield f"the authority of the SIEM {siem.name}", siem.ca
    yield "the authority of the collector of traces", settings.otel.ca
    for partner in settings.secure.partner:
        yield f"the authority of {partner.domain}", partner.ca
    for saml in settings.signin.saml:
        yield f"the identity provider {saml.id}", saml.certificate
    yield "the second place", settings.archive.standby_certificate
    yield "the authority of the second place", settings.archive.standby_ca
    for ldap in settings.feeds.ldap:
        yield f"the authority of the feed {ldap.name}", ldap.ca


def _servers(settings: Settings) -> Iterator[tuple[str, tuple[str, int]]]:
    """Yield (label, address) of servers that present a certificate."""
    urls = {
        "the pages": settings.web.url,
        "files of the portal": settings.secure.files_url,
        "IMAP for mail programs": settings.programs.imap,
        "submission for mail programs": settings.programs.submission,
        "the mailbox server": settings.courier.imap,
    }
    urls |= {f"the identity provider {one.id}": one.issuer for one in settings.signin.oidc}
    urls |= {f"the feed {one.name}": one.url for one in settings.feeds.ldap}
    for what, url in urls.items():
        parts = urlsplit(url)
        if parts.hostname and parts.scheme in PORTS:
            yield what, (parts.hostname, parts.port or PORTS[parts.scheme])


def _expiry_of_file(path: Path) -> int | str:
    """The earliest expiry in a chain, in epoch ms; or why it cannot be read."""
    try:
        return min(_expiry(certificate) for certificate in x509.load_pem_x509_certificates(path.read_bytes()))
    except OSError as error:
        return (error.strerror or "it is not there").lower()
    except ValueError:
        return "it is no certificate"


def _expiry_of_server(where: tuple[str, int]) -> int | str:
    """Read the certificate that a server presents, without verifying it; clients verify it themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(where, SECONDS) as line, context.wrap_socket(line, server_hostname=where[0]) as tls:
            shown = tls.getpeercert(binary_form=True)
        return _expiry(x509.load_der_x509_certificate(shown or b""))
    except OSError as error:
        return (error.strerror or str(error) or "no answer").lower()
    except ValueError:
        return "it is no certificate"


def _expiry(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_after_utc.timestamp() * 1000)
