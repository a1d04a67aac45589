"""The content of reports as plain values. Strangers wrote all of it: text is cut, numbers are whole and not negative."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TEXT = 300
"""Characters of one value."""
MAX_ROWS = 20_000
"""Rows of one report; the largest known have 8,000."""


@dataclass(frozen=True, slots=True)
class Source:
    """Messages from one address with one outcome. dkim, spf: pass or fail, aligned with the author's domain; did: what the reporter
    did with them (none, quarantine, reject, pass); signed, envelope: the domains that DKIM and SPF were about."""

    address: str
    count: int
    did: str = ""
    dkim: str = ""
    spf: str = ""
    author: str = ""
    signed: tuple[str, ...] = ()
    envelope: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return "pass" in (self.dkim, self.spf)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A DMARC aggregate report. begin, end: seconds since 1970; policy: p=; cut: it has more rows than these."""

    reporter: str
    id: str
    domain: str
    begin: int
    end: int
    policy: str = ""
    sources: tuple[Source, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """Sessions that failed over TLS. kind: of RFC 8460 4.3; mx: our server; address: of theirs."""

    kind: str
    count: int
    mx: str = ""
    address: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """kind: sts, tlsa or no-policy-found; good, bad: sessions."""

    domain: str
    kind: str
    good: int
    bad: int
    failures: tuple[TlsFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Tls:
    """An SMTP TLS report."""

    reporter: str
    id: str
    begin: int
    end: int
    policies: tuple[TlsPolicy, ...] = ()
    cut: bool = False


Report = Aggregate | Tls


def text(value: object) -> str:
    """A value that a stranger wrote, on one line and cut."""
    raw = value if isinstance(value, str) else ""
    return "".join(c if c.isprintable() else " " for c in raw[:MAX_TEXT]).strip()


def number(value: object) -> int:
    """A count; 0 for an invalid one."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value if 0 <= value < 1 << 53 else 0
    digits = value.strip() if isinstance(value, str) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else 0
