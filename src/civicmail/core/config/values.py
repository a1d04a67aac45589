"""Checks of setting values beyond their type: allowed words, ranges, formats."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from datetime import date
from functools import partial
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


def _each(is_good: Callable[[str], Any], words: str) -> Check:
    """Checks every item of a list. words: about the first wrong one."""

    def check(value: list[str]) -> str:
        wrong = next((item for item in value if not is_good(item)), None)
        return "" if wrong is None else f"has {wrong!r}, which is {words}"

    return check


_SERVICE = re.compile(
    r"-\S+\Z|(?:shortener|hosting|ending) (?:[a-z0-9_-]+|\*)(?:\.(?:[a-z0-9_-]+|\*))*\Z|redirect [a-z0-9_.-]+(?:\.\*)?/\S*\Z"
)
_COMPANY = re.compile(r"=?\s*[^=\s][^=]*=\s*[a-z0-9.-]+(?:\s*,\s*[a-z0-9.-]+)*\s*\Z")


def _time_zone(value: str) -> str:
    return "" if value in zoneinfo.available_timezones() else "must be a time zone like America/Chicago"


_SENDER = re.compile(r"[^\s@]*@(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*\Z")


def _budgets(value: dict[str, int]) -> str:
    wrong = [s for s, most in value.items() if not _SENDER.match(s) or s != s.lower() or most < 1]
    return f"for {wrong[0]!r} must be a number above 0, for an address in lower case" if wrong else ""


def _identification(value: str) -> str:
    rest = value.replace("{name}", "").replace("{department}", "")
    return "may have {name} and {department}, and no other braces" if "{" in rest or "}" in rest else ""


_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z")


def _slug(value: str) -> str:
    return "" if _SLUG.match(value) else "must be lower case letters, digits and dashes"


def _claim(value: str) -> str:
    """Reject claims that people can set themselves at the provider."""
    return "must not be an e-mail address" if not value or value.lower() in ("email", "mail", "upn") else ""


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


def _domains(value: list[str]) -> str:
    return _names(value) if value else "must name at least one domain"


def _until(value: str) -> str:
    return _days([value]) if value else ""


def _parses(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    """Whether parse accepts a text."""

    def is_good(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return is_good


def _is_sender(text: str) -> bool:
    return bool(_SENDER.match(text)) and text == text.lower()


def _is_page_host(text: str) -> bool:
    name = text.lower().removeprefix(".")
    return text == "*" or bool(endpoints.DOMAIN.match(name)) or not endpoints.address(text.strip("[]"))


_names = _each(endpoints.DOMAIN.match, "no domain in lower case")
_services = _each(_SERVICE.match, "no line like 'shortener go.example', 'hosting pages.example', 'ending top' or '-go.example'")
_companies = _each(_COMPANY.match, "no line like 'first bank = firstbank.example'")
_networks = _each(_parses(partial(ipaddress.ip_network, strict=False)), "no network like 192.0.2.0/24")
_senders = _each(_is_sender, "no address in lower case and no @domain")
_lists = _each(lambda text: _SENDER.match(text) and not text.startswith("@"), "no address in lower case")
_days = _each(_parses(date.fromisoformat), "not a day like 2026-12-25")
_checks = _each(CHECKS.__contains__, f"none of {', '.join(CHECKS)}")
_hosts = _each(lambda host: endpoints.DOMAIN.match(host.lower()), "no host name")
_servers = _each(lambda host: endpoints.DOMAIN.match(host.lower().removeprefix("*.")), "no host name, and no *.name")
_page_hosts = _each(_is_page_host, "no host name; leave out https:// and the port")
_local_parts = _each(lambda part: _LOCAL_PART.match(part.lower()), "not what stands before the @ of an address")
_kinds_of_information = _each(
    lambda kind: kind in CONFIDENTIAL or kind.startswith("list:"), f"none of {', '.join(CONFIDENTIAL)}, and no list:NAME"
)
"""A kind that there is not would leave by TLS without a word."""

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
    ("Archive", "disposal_notice_days"): _between(0, 365),
    ("Archive", "disposal_share_most"): _between(1, 90),
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
