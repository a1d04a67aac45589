"""Check the routes for confidential mail (P-19): portal, partners, certificates and keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.settings import Settings
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.archive import outstanding_file
from civicmail.mail.courier import openpgp, recipient_keys, secure_routes

CHECK = "secure mail"
EXPIRES_SOON_MS = 14 * 86_400_000
"""ms before the end of a certificate from which it is said."""
_PORTAL = "Set web.url to the https address where people outside reach the pages."
_NO_TLS = "TLS is proven to nobody ([[secure.partner]], secure.resolver, secure.mta_sts); what a smart host does proves nothing"


def secure_mail(p: Installation) -> Iterator[Finding]:
    """The ways by which confidential mail leaves."""
    problems = [*_portal(p), *_files(p.settings), *_partners(p.settings), *_keys(p)]
    yield from problems
    if not problems:
        yield Finding(CHECK, "ok", f"Confidential mail leaves encrypted. {_by_tls(p.settings)}.")


def _portal(p: Installation) -> Iterator[Finding]:
    """The last way: without it a copy that has no other waits for as long as it takes."""
    if not (why := secure_routes.why_no_portal(p.settings)):
        return
    text = f"Confidential mail waits where no better way leads to its reader: {why}."
    if count := _waiting(p):
        have = "message waits" if count == 1 else "messages wait"
        yield Finding(CHECK, "problem", f"{text} {count} {have} for that now.", _PORTAL)
    else:
        yield Finding(CHECK, "warning" if p.settings.web.url else "not-set-up", text, _PORTAL)


def _waiting(p: Installation) -> int:
    """How many messages have a copy that waits for want of a way."""
    try:
        waiting = list(outstanding_file.current(p.data).waiting())
    except CivicmailError:
        return 0  # another check says so
    return sum(any(e.copies[i].secure and e.copies[i].reply.startswith(secure_routes.NO_WAY) for i in e.waiting) for e in waiting)


def _files(settings: Settings) -> Iterator[Finding]:
    host, web = urlsplit(settings.secure.files_url).hostname, settings.web
    if host and host not in web.hosts:
        text = f"Files of the portal come from {host}, which the pages do not answer to."
        yield Finding(CHECK, "problem", text, "Add it to web.hosts.")
    if host and host == urlsplit(web.url).hostname:
        text = "Files of the portal come from the very host of the pages, so it protects nobody."
        yield Finding(CHECK, "warning", text, "Give secure.files_url a name of its own, or leave it empty.")


def _partners(settings: Settings) -> Iterator[Finding]:
    for partner in settings.secure.partner:
        if not partner.server:
            text = f"No server of {partner.domain} is named, so TLS proves nothing there."
            yield Finding(CHECK, "warning", text, "Name it in its [[secure.partner]]: server.")
        if partner.ca and not Path(partner.ca).is_file():
            text = f"The authority of {partner.domain} is not there: {partner.ca}. Its confidential mail goes to the portal."
            yield Finding(CHECK, "problem", text, "Put the PEM file there.")


def _keys(p: Installation) -> Iterator[Finding]:
    known = recipient_keys.listed(p.data)
    if any(kind == "openpgp" for _, kind in known) and not openpgp.program():
        yield Finding(CHECK, "problem", "There are OpenPGP keys of readers, and no gpg.", "Install gnupg.")
    ending = sum(kind == "smime" and bool(recipient_keys.problem(p.data, of, p.now + EXPIRES_SOON_MS)) for of, kind in known)
    if ending:
        has = "certificate of a reader ends" if ending == 1 else "certificates of readers end"
        text = f"{ending} {has} within two weeks, or cannot be used: then what is confidential takes another way to them."
        yield Finding(CHECK, "warning", text, "civicmail secure list says whose; ask them for a new one.")


def _by_tls(settings: Settings) -> str:
    """The servers to which TLS is verified, as the end of a sentence."""
    rules = settings.secure
    partners = sum(bool(partner.server) for partner in rules.partner)
    domains = [f"the servers of partners ({partners})"] if partners else []
    domains += ["those that signed records of the DNS name"] if rules.resolver else []
    domains += ["those of domains that enforce MTA-STS"] if rules.mta_sts else []
    text = f"TLS is proven to {', '.join(domains)}" if domains else _NO_TLS
    return f"{text}; where it promises REQUIRETLS that counts" if rules.requiretls else text
