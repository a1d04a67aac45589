"""What a setting may be beyond its type: one of a few words, a range, a shape."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from datetime import date
from typing import Any

from civicmail.core.config.pairs import pairs
from civicmail.core.config.settings import CHECKS

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})*\Z")
_HOP = re.compile(r"(?:smtp|smtps|lmtp)://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}/?\Z|lmtp:///.+\Z")

_TLS = re.compile(r"tls://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}\Z")

_POSTGRESQL = re.compile(r"postgresql://[^\s/]*/[A-Za-z0-9_-]+\Z")

Check = Callable[[Any], str]


def _one_of(*words: str) -> Check:
    named = [w for w in words if w]
    return lambda value: "" if value in words else f"must be one of {', '.join(named)}"


def _between(least: int, most: int) -> Check:
    return lambda value: "" if least <= value <= most else f"must be between {least} and {most}"


def _domains(value: list[str]) -> str:
    if not value:
        return "must name at least one domain"
    wrong = [d for d in value if not _DOMAIN.match(d)]
    return f"has {wrong[0]!r}, which is no domain in lower case" if wrong else ""


def _names(value: list[str]) -> str:
    wrong = [d for d in value if not _DOMAIN.match(d)]
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


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "must be an IP address, like 127.0.0.1, 0.0.0.0 or ::"
    return ""


def _hop(*words: str) -> Check:
    return lambda value: "" if value in words or _HOP.match(value) else "must be like smtp://host:25 or lmtp://host:24"


def _standby(value: str) -> str:
    return "" if not value or value.startswith("/") or _TLS.match(value) else "must be a folder like /mnt/copy, or tls://host:port"


def _routes(value: dict[str, str]) -> str:
    wrong = [d for d, hop in value.items() if not (hop == "maildir" or _HOP.match(hop))]
    return f"for {wrong[0]} must be maildir, or like smtp://host:25 or lmtp://host:24" if wrong else ""


def _time_zone(value: str) -> str:
    return "" if value in zoneinfo.available_timezones() else "must be a time zone like America/Chicago"


def _database(value: str) -> str:
    return "" if not value or _POSTGRESQL.match(value) else "must be like postgresql://user@host:5432/name"


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


_HTTP = re.compile(r"http://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}/?\Z")


def _http(value: str) -> str:
    return "" if not value or _HTTP.match(value) else "must be like http://127.0.0.1:8080"


_HOOK = re.compile(r"https://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:/[!-~]*)?\Z")
_HOOK_HERE = re.compile(r"http://(?:127\.[0-9.]+|\[::1\]|localhost)(?::[0-9]{1,5})?(?:/[!-~]*)?\Z")


def _hook(value: str) -> str:
    good = _HOOK.match(value) or _HOOK_HERE.match(value)
    return "" if good else "must be like https://id.city.example/ended, or http:// on this machine"


_PAGES = re.compile(r"https?://(?:\[[0-9A-Fa-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?\Z")


def _pages(value: str) -> str:
    return "" if not value or _PAGES.match(value) else "must be like https://mail.city.example, without a slash at its end"


def _program_door(secure: str, plain: str, port: int) -> Check:
    """A service by its name in RFC 8314: with TLS from the start, or with STARTTLS."""
    form = re.compile(rf"(?:{secure}|{plain})://[a-z0-9.-]+:[0-9]{{1,5}}\Z")
    return lambda value: "" if not value or form.match(value) else f"must be like {secure}://mail.city.example:{port}"


def _days(value: list[str]) -> str:
    for day in value:
        try:
            date.fromisoformat(day)
        except ValueError:
            return f"has {day!r}, which is no day like 2026-12-25"
    return ""


_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z")


def _slug(value: str) -> str:
    return "" if _SLUG.match(value) else "must be lower case letters, digits and dashes"


def _claim(value: str) -> str:
    """Whoever can give themselves an address at the provider would be anybody here."""
    return "must not be an e-mail address" if not value or value.lower() in ("email", "mail", "upn") else ""


def _checks(value: list[str]) -> str:
    unknown = [c for c in value if c not in CHECKS]
    return f"has {unknown[0]!r}, which is none of {', '.join(CHECKS)}" if unknown else ""


_PLACE = re.compile(r"unix:/.+|(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}\Z")


def _place(value: str) -> str:
    return "" if not value or _PLACE.match(value) else "must be like 127.0.0.1:3310 or unix:/run/clamav/clamd.ctl"


def _resolvers(value: list[str]) -> str:
    for said in value:
        host, _, port = said.rpartition(":") if said.count(":") == 1 else (said, "", "53")
        if _address(host.strip("[]")) or not port.isdecimal():
            return f"has {said!r}, which is no address like 192.0.2.53 or 127.0.0.1:5353"
    return ""


_KINDS = ("employee", "contractor", "vendor", "agent", "volunteer", "board", "elected")
_COLUMNS = (
    "uid", "family", "given", "display", "kind", "department", "position", "supervisor", "contract", "starts", "ends", "phone",
    "language", "outside",
)  # fmt: skip
_LDAP = re.compile(r"ldaps?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?/?\Z")


def _ldap(value: str) -> str:
    return "" if not value or _LDAP.match(value) else "must be like ldaps://ldap.city.example:636"


def _pairs(*ours: str) -> Check:
    """Lines like "theirs = ours"; ours: the words that there are, any where there is none."""

    def check(value: list[str]) -> str:
        try:
            wrong = [right for right in pairs(value).values() if ours and right not in ours]
        except ValueError as problem:
            return str(problem)
        return f"has {wrong[0]!r}, which is none of {', '.join(ours)}" if wrong else ""

    return check


_PARTNER = re.compile(r"smtp://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}/?\Z")
_NAMESERVER = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9.]+):[0-9]{1,5}\Z")


def _partner(value: str) -> str:
    return "" if not value or _PARTNER.match(value) else "must be like smtp://mx.agency.example:25"


def _nameserver(value: str) -> str:
    """One that is asked whether records are signed has to be named: whoever stands in between could say that they are."""
    return "" if not value or _NAMESERVER.match(value) else "must be like 127.0.0.1:53 or [::1]:53"


_POSITIVE = _between(1, 1 << 62)
_PORT = _between(0, 65_535)

_CHECKS: dict[tuple[str, str], Check] = {
    ("City", "domains"): _domains,
    ("Listener", "kind"): _one_of("mx", "submission", "relay", "lmtp", "journal"),
    ("Listener", "address"): _address,
    ("Listener", "port"): _PORT,
    ("Listener", "peers"): _networks,
    ("Listener", "xclient"): _networks,
    ("Listener", "proxy"): _networks,
    ("Listener", "verdicts"): _networks,
    ("Listener", "tls"): _one_of("starttls", "implicit", "off"),
    ("Listener", "line_ends"): _one_of("", "reject", "normalise"),
    ("Listener", "senders"): _senders,
    ("Signin", "attempts"): _between(1, 1000),
    ("Signin", "per_address"): _between(1, 1_000_000),
    ("Signin", "window"): _between(1, 86_400),
    ("Signin", "per_connection"): _between(1, 10),
    ("Signin", "delay"): _between(0, 10_000),
    ("Signin", "kick"): _http,
    ("Signin", "step_up"): _between(30, 3600),
    ("Signin", "session"): _between(300, 604_800),
    ("Oidc", "id"): _slug,
    ("Oidc", "claim"): _claim,
    ("Saml", "id"): _slug,
    ("Saml", "claim"): _claim,
    ("Webhook", "name"): _slug,
    ("Webhook", "url"): lambda value: _hook(value) if value else "",
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
    ("Courier", "local"): _hop("maildir"),
    ("Courier", "outbound"): _hop(""),
    ("Courier", "elsewhere"): _hop("", "maildir"),
    ("Courier", "route"): _routes,
    ("Courier", "retry_first"): _POSITIVE,
    ("Courier", "retry_most"): _POSITIVE,
    ("Courier", "expire"): _POSITIVE,
    ("Courier", "concurrency"): _between(1, 1000),
    ("Courier", "timeout"): _POSITIVE,
    ("Courier", "tls"): _one_of("opportunistic", "required", "off"),
    ("Archive", "unsealed_most"): _POSITIVE,
    ("Archive", "seal_every"): _POSITIVE,
    ("Archive", "checkpoint_every"): _POSITIVE,
    ("Archive", "acknowledge"): _one_of("local", "standby"),
    ("Archive", "standby"): _standby,
    ("Archive", "standby_wait"): _between(1, 240),  # RFC 5321 4.5.3.2.6: a client waits ten minutes
    ("Archive", "without_standby"): _one_of("later", "local"),
    ("Screening", "checks"): _checks,
    ("Screening", "processes"): _between(1, 64),
    ("Screening", "seconds"): _between(1, 60),
    ("Screening", "resolver"): _resolvers,
    ("Screening", "clamd"): _place,
    ("Screening", "rspamd"): _http,
    ("Screening", "spamd"): _place,
    ("Screening", "protected"): _names,
    ("Screening", "sealers"): _names,
    ("Screening", "web_services"): _services,
    ("Screening", "companies"): _companies,
    ("Containment", "outside"): _POSITIVE,
    ("Containment", "inside"): _POSITIVE,
    ("Containment", "domains"): _POSITIVE,
    ("Containment", "same"): _POSITIVE,
    ("Containment", "service"): _POSITIVE,
    ("Containment", "services"): _budgets,
    ("Hook", "name"): _slug,
    ("Hook", "url"): _hook,
    ("Partner", "server"): _partner,
    ("Plain", "door"): _one_of("submission", "relay", "lmtp", "journal", "imap", "courier"),
    ("Secure", "resolver"): _nameserver,
    ("Secure", "days"): _between(1, 366),
    ("Secure", "tries"): _between(1, 100),
    ("Secure", "files_url"): _pages,
    ("Web", "address"): _address,
    ("Web", "port"): _PORT,
    ("Web", "api_rate"): _between(1, 100_000),
    ("Web", "proxies"): _between(0, 10),
    ("Web", "url"): _pages,
    ("Marks", "url"): _pages,
    ("Marks", "known"): _names,
    ("Programs", "imap"): _program_door("imaps", "imap", 993),
    ("Programs", "submission"): _program_door("submissions", "submission", 465),
    ("City", "time_zone"): _time_zone,
    ("Oversight", "show_looks"): _one_of("never", "closed"),
    ("Oversight", "holidays"): _days,
    ("Ldap", "name"): _slug,
    ("Ldap", "url"): _ldap,
    ("Ldap", "attributes"): _pairs(*_COLUMNS),
    ("Ldap", "page"): _between(1, 10_000),
    ("Ldap", "every"): _between(0, 10_080),
    ("Ldap", "timeout"): _between(1, 600),
    ("Feeds", "stale"): _between(0, 366),
    ("Feeds", "number"): _one_of("employeeNumber", "externalId", "userName"),
    ("Feeds", "kind"): _one_of(*_KINDS),
    ("Feeds", "kinds"): _pairs(*_KINDS),
    ("Feeds", "departments"): _pairs(),
    ("Database", "url"): _database,
    ("Log", "level"): _one_of("debug", "info", "warning", "error"),
    ("Log", "format"): _one_of("text", "json"),
}


def complaint(key: tuple[str, str], value: Any) -> str:
    """What is wrong with the value of (class, setting), as the end of a sentence; empty when nothing is."""
    check = _CHECKS.get(key)
    return check(value) if check else ""
