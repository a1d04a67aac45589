"""Checks of setting values beyond their type: allowed words, ranges, formats."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from datetime import date
from typing import Any

from civicmail.core.config import endpoints
from civicmail.core.config.endpoints import Check
from civicmail.core.config.pairs import parse
from civicmail.core.config.settings import CHECKS, CONFIDENTIAL


def _one_of(*words: str) -> Check:
    named = [w for w in words if w]
    return lambda value: "" if value in words else f"must be one of {', '.join(named)}"


def _between(least: int, most: int) -> Check:
    return lambda value: "" if least <= value <= most else f"must be between {least} and {most}"


def _domains(value: list[str]) -> str:
    if not value:
        return "must name at least one domain"
    wrong = [d for d in value if not endpoints.DOMAIN.match(d)]
    return f"has {wrong[0]!r}, which is no domain in lower case" if wrong else ""


def _names(value: list[str]) -> str:
    wrong = [d for d in value if not endpoints.DOMAIN.match(d)]
    return f"has {wrong[0]!r}, which is no domain in lower case" if wrong else ""


_SERVICE = re.compile(
    r"-\S+\Z|(?:shortener|hosting|ending) (?:[a-z0-9_-]+|\*)(?:\.(?:[a-z0-9_-]+|\*))*\Z|redirect [a-z0-9_.-]+(?:\.\*)?/\S*\Z"
)
_COMPANY = re.compile(r"=?\s*[^=\s][^=]*=\s*[a-z0-9.-]+(?:\s*,\s*[a-z0-9.-]+)*\s*\Z")


def _services(value: list[str]) -> str:
    wrong = [line for line in value if not _SERVICE.match(line)]
    return (
        f"has {wrong[0]!r}, which is no line like 'shortener go.example', 'hosting pages.example', 'ending top' or '-go.example'"
        if wrong
        else ""
    )


def _companies(value: list[str]) -> str:
    wrong = [line for line in value if not _COMPANY.match(line)]
    return f"has {wrong[0]!r}, which is no line like 'first bank = firstbank.example'" if wrong else ""


def _networks(value: list[str]) -> str:
    for network in value:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            return f"has {network!r}, which is no network like 192.0.2.0/24"
    return ""


def _time_zone(value: str) -> str:
    return "" if value in zoneinfo.available_timezones() else "must be a time zone like America/Chicago"


_SENDER = re.compile(r"[^\s@]*@(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*\Z")


def _senders(value: list[str]) -> str:
    wrong = [s for s in value if not _SENDER.match(s) or s != s.lower()]
    return f"has {wrong[0]!r}, which is no address in lower case and no @domain" if wrong else ""


def _budgets(value: dict[str, int]) -> str:
    wrong = [s for s, most in value.items() if not _SENDER.match(s) or s != s.lower() or most < 1]
    return f"for {wrong[0]!r} must be a number above 0, for an address in lower case" if wrong else ""


def _identification(value: str) -> str:
    rest = value.replace("{name}", "").replace("{department}", "")
    return "may have {name} and {department}, and no other braces" if "{" in rest or "}" in rest else ""


def _days(value: list[str]) -> str:
    for day in value:
        try:
            date.fromisoformat(day)
        except ValueError:
            return f"has {day!r}, which is not a day like 2026-12-25"
    return ""


_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z")


def _slug(value: str) -> str:
    return "" if _SLUG.match(value) else "must be lower case letters, digits and dashes"


def _claim(value: str) -> str:
    """Reject claims that people can set themselves at the provider."""
    return "must not be an e-mail address" if not value or value.lower() in ("email", "mail", "upn") else ""


def _checks(value: list[str]) -> str:
    unknown = [c for c in value if c not in CHECKS]
    return f"has {unknown[0]!r}, which is none of {', '.join(CHECKS)}" if unknown else ""


_KINDS = ("employee", "contractor", "vendor", "agent", "volunteer", "board", "elected")
_COLUMNS = (
    "uid", "family", "given", "display", "kind", "department", "position", "supervisor", "contract", "starts", "ends", "phone",
    "language", "outside",
)  # fmt: skip


def _pairs(*ours: str) -> Check:
    """Lines like "theirs = ours"; ours: the words that there are, any where there is none."""

    def check(value: list[str]) -> str:
        try:
            wrong = [right for right in parse(value).values() if ours and right not in ours]
        except ValueError as problem:
            return str(problem)
        return f"has {wrong[0]!r}, which is none of {', '.join(ours)}" if wrong else ""

    return check


_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+\Z")


def _partner_domain(value: str) -> str:
    return "" if endpoints.DOMAIN.match(value) else "must be a domain in lower case"


def _until(value: str) -> str:
    return _days([value]) if value else ""


def _hosts(value: list[str]) -> str:
    wrong = [host for host in value if not endpoints.DOMAIN.match(host.lower())]
    return f"has {wrong[0]!r}, which is no host name" if wrong else ""


def _servers(value: list[str]) -> str:
    wrong = [host for host in value if not endpoints.DOMAIN.match(host.lower().removeprefix("*."))]
    return f"has {wrong[0]!r}, which is no host name, and no *.name" if wrong else ""


def _page_hosts(value: list[str]) -> str:
    wrong = [
        h
        for h in value
        if h != "*" and not endpoints.DOMAIN.match(h.lower().removeprefix(".")) and endpoints.address(h.strip("[]"))
    ]
    return f"has {wrong[0]!r}, which is no host name; leave out https:// and the port" if wrong else ""


def _local_parts(value: list[str]) -> str:
    wrong = [part for part in value if not _LOCAL_PART.match(part.lower())]
    return f"has {wrong[0]!r}, which is not what stands before the @ of an address" if wrong else ""


def _lists(value: list[str]) -> str:
    wrong = [address for address in value if not _SENDER.match(address) or address.startswith("@")]
    return f"has {wrong[0]!r}, which is no address in lower case" if wrong else ""


def _kinds_of_information(value: list[str]) -> str:
    """A kind that there is not would leave by TLS without a word."""
    unknown = [kind for kind in value if kind not in CONFIDENTIAL and not kind.startswith("list:")]
    return f"has {unknown[0]!r}, which is none of {', '.join(CONFIDENTIAL)}, and no list:NAME" if unknown else ""


_POSITIVE = _between(1, 1 << 62)
_PORT = _between(0, 65_535)

_CHECKS: dict[tuple[str, str], Check] = {
    ("City", "domains"): _domains,
    ("City", "hostname"): endpoints.hostname,
    ("Listener", "kind"): _one_of("mx", "submission", "relay", "lmtp", "journal"),
    ("Listener", "address"): endpoints.address,
    ("Listener", "port"): _PORT,
    ("Listener", "peers"): _networks,
    ("Listener", "xclient"): _networks,
    ("Listener", "proxy"): _networks,
    ("Listener", "verdicts"): _networks,
    ("Secure", "networks"): _networks,
    ("Listener", "tls"): _one_of("starttls", "implicit", "off"),
    ("Listener", "line_ends"): _one_of("", "reject", "normalise"),
    ("Listener", "senders"): _senders,
    ("Signin", "attempts"): _between(1, 1000),
    ("Signin", "per_address"): _between(1, 1_000_000),
    ("Signin", "window"): _between(1, 86_400),
    ("Signin", "per_connection"): _between(1, 10),
    ("Signin", "delay"): _between(0, 10_000),
    ("Signin", "kick"): endpoints.http,
    ("Signin", "step_up"): _between(30, 3600),
    ("Signin", "session"): _between(300, 604_800),
    ("Oidc", "id"): _slug,
    ("Oidc", "claim"): _claim,
    ("Oidc", "issuer"): endpoints.provider,
    ("Saml", "id"): _slug,
    ("Saml", "claim"): _claim,
    ("Saml", "sso"): endpoints.provider,
    ("Webhook", "name"): _slug,
    ("Webhook", "url"): lambda value: endpoints.hook(value) if value else "",
    ("Otel", "url"): lambda value: endpoints.hook(value) if value else "",
    ("Otel", "one_in"): _POSITIVE,
    ("Siem", "name"): _slug,
    ("Siem", "url"): endpoints.receiver,
    ("Siem", "format"): _one_of("rfc5424", "ocsf"),
    ("Siem", "enterprise"): _between(1, 0xFFFF_FFFF),
    ("Senders", "identification"): _identification,
    ("Senders", "without_identification"): _one_of("finding", "refuse"),
    ("Gateway", "processes"): _between(1, 64),
    ("Gateway", "max_message"): _POSITIVE,
    ("Gateway", "max_recipients"): _between(100, 1_000_000),  # RFC 5321 4.5.3.1.8
    ("Gateway", "max_connections"): _POSITIVE,
    ("Gateway", "max_per_address"): _POSITIVE,
    ("Gateway", "max_received"): _between(10, 1000),
    ("Gateway", "timeout"): _POSITIVE,
    ("Gateway", "min_free"): _between(0, 1 << 62),
    ("Courier", "local"): endpoints.next_hop("maildir"),
    ("Courier", "outbound"): endpoints.next_hop(""),
    ("Courier", "elsewhere"): endpoints.next_hop("", "maildir"),
    ("Courier", "route"): endpoints.routes,
    ("Courier", "retry_first"): _POSITIVE,
    ("Courier", "retry_most"): _POSITIVE,
    ("Courier", "expire"): _POSITIVE,
    ("Courier", "concurrency"): _between(1, 1000),
    ("Courier", "timeout"): _POSITIVE,
    ("Courier", "tls"): _one_of("opportunistic", "required", "off"),
    ("Courier", "imap"): endpoints.imap_server,
    ("MtaSts", "mode"): _one_of("", "testing", "enforce", "none"),
    ("MtaSts", "servers"): _servers,
    ("MtaSts", "max_age"): _between(3600, 31_557_600),  # RFC 8461 3.2
    ("Archive", "unsealed_most"): _POSITIVE,
    ("Archive", "seal_every"): _POSITIVE,
    ("Archive", "checkpoint_every"): _POSITIVE,
    ("Archive", "acknowledge"): _one_of("local", "standby"),
    ("Archive", "standby"): endpoints.standby,
    ("Archive", "standby_wait"): _between(1, 240),  # RFC 5321 4.5.3.2.6: a client waits ten minutes
    ("Archive", "without_standby"): _one_of("later", "local"),
    ("Archive", "backup_hours"): _POSITIVE,
    ("Screening", "checks"): _checks,
    ("Screening", "processes"): _between(1, 64),
    ("Screening", "seconds"): _between(1, 60),
    ("Screening", "resolver"): endpoints.resolvers,
    ("Screening", "clamd"): endpoints.socket,
    ("Screening", "rspamd"): endpoints.http,
    ("Screening", "spamd"): endpoints.socket,
    ("Screening", "protected"): _names,
    ("Screening", "sealers"): _names,
    ("Screening", "shares"): _hosts,
    ("Screening", "reports"): _local_parts,
    ("Screening", "incidents"): _local_parts,
    ("Screening", "web_services"): _services,
    ("Screening", "companies"): _companies,
    ("Containment", "outside"): _POSITIVE,
    ("Containment", "inside"): _POSITIVE,
    ("Containment", "domains"): _POSITIVE,
    ("Containment", "same"): _POSITIVE,
    ("Containment", "service"): _POSITIVE,
    ("Containment", "services"): _budgets,
    ("Hook", "name"): _slug,
    ("Hook", "url"): endpoints.hook,
    ("Partner", "server"): endpoints.partner,
    ("Partner", "domain"): _partner_domain,
    ("Plain", "until"): _until,
    ("Plain", "door"): _one_of("submission", "relay", "lmtp", "journal", "imap", "courier"),
    ("Secure", "resolver"): endpoints.nameserver,
    ("Secure", "never_tls"): _kinds_of_information,
    ("Secure", "days"): _between(1, 366),
    ("Secure", "tries"): _between(1, 100),
    ("Secure", "files_url"): endpoints.pages,
    ("Web", "address"): endpoints.pages_listener,
    ("Web", "port"): _PORT,
    ("Web", "api_rate"): _between(1, 100_000),
    ("Web", "proxies"): _between(0, 10),
    ("Web", "url"): endpoints.pages,
    ("Web", "hosts"): _page_hosts,
    ("Marks", "url"): endpoints.pages,
    ("Marks", "known"): _names,
    ("Programs", "imap"): endpoints.program_service("imaps", "imap", 993),
    ("Programs", "submission"): endpoints.program_service("submissions", "submission", 465),
    ("City", "time_zone"): _time_zone,
    ("Oversight", "show_looks"): _one_of("never", "closed"),
    ("Oversight", "holidays"): _days,
    ("Ldap", "name"): _slug,
    ("Ldap", "url"): endpoints.ldap,
    ("Ldap", "attributes"): _pairs(*_COLUMNS),
    ("Ldap", "page"): _between(1, 10_000),
    ("Ldap", "every"): _between(0, 10_080),
    ("Ldap", "timeout"): _between(1, 600),
    ("Feeds", "stale"): _between(0, 366),
    ("Feeds", "number"): _one_of("employeeNumber", "externalId", "userName"),
    ("Feeds", "kind"): _one_of(*_KINDS),
    ("Feeds", "kinds"): _pairs(*_KINDS),
    ("Feeds", "lists"): _lists,
    ("Feeds", "departments"): _pairs(),
    ("Database", "url"): endpoints.database,
    ("Metrics", "address"): endpoints.address,
    ("Metrics", "port"): _PORT,
    ("Metrics", "networks"): _networks,
    ("Log", "level"): _one_of("debug", "info", "warning", "error"),
    ("Log", "format"): _one_of("text", "json"),
}


def complaint(key: tuple[str, str], value: Any) -> str:
    """The complaint about the value of (class, setting), as the end of a sentence; empty when it is valid."""
    check = _CHECKS.get(key)
    return check(value) if check else ""
