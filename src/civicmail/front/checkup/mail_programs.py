"""Check the DNS records by which mail programs set themselves up (RFC 6186, RFC 8314), with the machine's resolver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from civicmail.core.config import services
from civicmail.front.checkup.findings import Finding, Installation

CHECK = "mail programs"
_NONE = "No service for mail programs is named ([programs]), so phones and computers cannot set themselves up."
SECONDS = 3.0
"""Timeout of one query."""


def programs(p: Installation, ask: services.Lookup | None = None) -> Iterator[Finding]:
    """Whether the DNS has the records by which mail programs find us. ask: who says what it has, else the machine's resolver."""
    known = services.from_settings(p.settings)
    if not known:
        yield Finding(CHECK, "not-set-up", _NONE, "Name them: civicmail config explain programs")
        return
    results = list(services.check(known, p.settings.city.domains, ask or query_srv))
    for look in results:
        if look.state == "missing":
            text = f"The DNS has no {look.record.name}, so mail programs do not find the city's mail by it."
            yield Finding(CHECK, "warning", text, f"Add to the zone: {look.record}")
        elif look.state == "other":
            text = f"The DNS has another {look.record.name} than the settings say: {look.detail}."
            yield Finding(CHECK, "warning", text, f"In the zone should be: {look.record}")
    unknown = [look for look in results if look.state == "unknown"]
    if unknown:
        text = f"The DNS could not be asked for {len(unknown)} records of mail programs: {unknown[0].detail}."
        yield Finding(CHECK, "warning", text, f"In the zone should be: {'; '.join(str(look.record) for look in unknown)}")
    present = sum(look.state == "there" for look in results)
    if present == len(results):
        yield Finding(CHECK, "ok", f"The DNS has the {present} records by which mail programs find the city's mail.")


def query_srv(name: str) -> Sequence[tuple[int, str]]:
    """The SRV records of a name. Raises OSError if no server answers."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.Resolver().resolve(f"{name}.", "SRV", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise OSError(type(error).__name__) from error
    return [(int(record.port), str(record.target)) for record in answer]
