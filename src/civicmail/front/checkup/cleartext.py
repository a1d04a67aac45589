"""Check for mail services beyond this machine that work without TLS (P-19)."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Plain, Settings
from civicmail.core.wire.hosts import is_this_machine
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.mail.courier.hops import parse_hop

CHECK = "clear text"
_LISTENERS = frozenset({"submission", "relay", "lmtp", "journal"})
SECONDS = 5.0
DO = "Give it a certificate, or name in [[secure.plain]] who answers for it, and until when."


def cleartext(p: Installation, greet: Callable[[str, int], frozenset[str]] | None = None) -> Iterator[Finding]:
    """submission, LMTP, relay, journals, IMAP and next hops: TLS beyond loopback, or an entry with owner and end date. greet: what
    an IMAP server says that it can, before TLS."""
    has_plain_hop = False
    for service, address in (*_plain(p.settings), *_imap(p.settings, greet or capabilities)):
        has_plain_hop = True
        entry = next((e for e in p.settings.secure.plain if e.door == service), None)
        if entry is None:
            yield Finding(CHECK, "problem", f"Mail goes through {service} at {address} without TLS, beyond this machine.", DO)
        elif why := _invalid_exception(entry, p.now):
            yield Finding(CHECK, "problem", f"Mail goes through {service} at {address} without TLS, and {why}.", DO)
        else:
            text = f"Mail goes through {service} at {address} without TLS; {entry.owner} answers for it until {entry.until}."
            yield Finding(CHECK, "warning", text, "Give it a certificate before that day.")
    if not has_plain_hop:
        yield Finding(CHECK, "ok", "Mail passes every door beyond this machine over TLS.")


def _plain(settings: Settings) -> Iterator[tuple[str, str]]:
    """(door, address) of each that has none."""
    for listener in settings.gateway.listener:
        bare = listener.tls == "off" or not listener.certificate
        if listener.kind in _LISTENERS and bare and not is_this_machine(listener.address):
            yield listener.kind, f"{listener.address}:{listener.port}"
    courier = settings.courier
    if courier.tls != "required":
        for text in dict.fromkeys((courier.local, courier.outbound, courier.elsewhere, *courier.route.values())):
            try:
                hop = parse_hop(text)
            except ConfigError:
                continue  # another check says so
            if hop is not None and hop.host and not is_this_machine(hop.host):
                yield "courier", str(hop)


def _imap(settings: Settings, greet: Callable[[str, int], frozenset[str]]) -> Iterator[tuple[str, str]]:
    """Ask the IMAP server, because with STARTTLS it may still accept a password without TLS (RFC 9051 6.2.3)."""
    url = urlsplit(settings.programs.imap)
    if url.scheme != "imap" or not url.hostname or is_this_machine(url.hostname):
        return
    with suppress(OSError, imaplib.IMAP4.error):  # whoever does not answer takes no password either
        if "LOGINDISABLED" not in greet(url.hostname, url.port or 143):
            yield "imap", f"{url.hostname}:{url.port or 143}"


def capabilities(host: str, port: int) -> frozenset[str]:
    """The capabilities of an IMAP server before sign-in. Raises OSError, imaplib.IMAP4.error."""
    with imaplib.IMAP4(host, port, timeout=SECONDS) as wire:
        return frozenset(wire.capabilities)


def _invalid_exception(entry: Plain, now: int) -> str:
    if not entry.owner.strip():
        return "nobody answers for it"
    try:
        until = datetime.strptime(entry.until, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return f"{entry.until!r} is not a day like 2027-06-30"
    return f"its time was over on {entry.until}" if until.timestamp() * 1000 <= now else ""
