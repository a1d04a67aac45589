"""Doors beyond this machine through which mail goes in the clear, and whether confidential mail can leave at all (P-19)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Plain, Settings
from civicmail.front.checkup.findings import Finding, Patient
from civicmail.mail.courier import openpgp, readerkeys
from civicmail.mail.courier.hops import parse_hop

CHECK = "clear text"
_DOORS = frozenset({"submission", "relay", "lmtp"})
DO = "Give it a certificate, or name in [[secure.plain]] who answers for it, and until when."


def clear(p: Patient) -> Iterator[Finding]:
    """submission, LMTP, relay and next hops: TLS beyond loopback, or an entry with owner and end date."""
    found = False
    for door, where in _plain(p.settings):
        found = True
        entry = next((e for e in p.settings.secure.plain if e.door == door), None)
        if entry is None:
            yield Finding(CHECK, "problem", f"Mail goes through {door} at {where} without TLS, beyond this machine.", DO)
        elif why := _useless(entry, p.now):
            yield Finding(CHECK, "problem", f"Mail goes through {door} at {where} without TLS, and {why}.", DO)
        else:
            said = f"Mail goes through {door} at {where} without TLS; {entry.owner} answers for it until {entry.until}."
            yield Finding(CHECK, "warning", said, "Give it a certificate before that day.")
    if not found:
        yield Finding(CHECK, "ok", "Mail passes every door beyond this machine over TLS.")


def _plain(settings: Settings) -> Iterator[tuple[str, str]]:
    """(door, address) of each that has none."""
    for listener in settings.gateway.listener:
        bare = listener.tls == "off" or not listener.certificate
        if listener.kind in _DOORS and bare and not is_here(listener.address):
            yield listener.kind, f"{listener.address}:{listener.port}"
    courier = settings.courier
    if courier.tls != "required":
        for text in dict.fromkeys((courier.local, courier.outbound, courier.elsewhere, *courier.route.values())):
            try:
                hop = parse_hop(text)
            except ConfigError:
                continue  # another check says so
            if hop is not None and hop.host and not is_here(hop.host):
                yield "courier", str(hop)


def is_here(host: str) -> bool:
    """Whether only this machine is reached by it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _useless(entry: Plain, now: int) -> str:
    if not entry.owner.strip():
        return "nobody answers for it"
    try:
        until = datetime.strptime(entry.until, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return f"{entry.until!r} is no day like 2027-06-30"
    return f"its time was over on {entry.until}" if until.timestamp() * 1000 <= now else ""


def secure(p: Patient) -> Iterator[Finding]:
    """The ways by which confidential mail leaves."""
    rules, wrong = p.settings.secure, False
    if not p.settings.web.url:
        wrong = True
        text = "Confidential mail waits where no better way leads to its reader: the pick-up portal has no address."
        yield Finding("secure mail", "warning", text, "Set web.url to where people outside reach the pages.")
    elif (host := urlsplit(rules.files_url).hostname) and host not in p.settings.web.hosts:
        wrong = True
        yield Finding(
            "secure mail",
            "problem",
            f"Files of the portal come from {host}, which the pages do not answer to.",
            "Add it to web.hosts.",
        )
    for partner in rules.partner:
        if partner.ca and not Path(partner.ca).is_file():
            wrong = True
            text = f"The authority of {partner.domain} is not there: {partner.ca}. Its confidential mail goes to the portal."
            yield Finding("secure mail", "problem", text, "Put the PEM file there.")
    if any(kind == "openpgp" for _, kind in readerkeys.listed(p.data)) and not openpgp.program():
        wrong = True
        yield Finding("secure mail", "problem", "There are OpenPGP keys of readers, and no gpg.", "Install gnupg.")
    if not wrong:
        yield Finding("secure mail", "ok", "Confidential mail leaves encrypted.")
