"""Detect domains that resemble a protected one: the city's own and those of the settings. It gives evidence, not a score: which
domain, and how it resembles it. Pure; microseconds for each domain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from string import ascii_lowercase, digits

from civicmail.mail.screening.skeleton import ANY, coarse, looks, shown
from civicmail.mail.screening.urls import registrable, split

NEAR = 7
"""Length from which a name with one wrong letter is a lookalike: shorter ones match honest names too often."""
SWAPPED = 5
"""Length from which the same name below another suffix is a lookalike."""
LONG = 10
"""Length from which a name inside another is no coincidence."""
LONGEST = 253
"""Longest name that DNS allows (RFC 1035 2.3.4)."""
BAIT = frozenset({
    "access", "account", "accounts", "admin", "agree", "alert", "alerts", "auth", "benefits", "bill", "billing", "claim",
    "click", "cloud", "com", "confirm", "confirmation", "connect", "contact", "county", "direct", "docs", "document",
    "download", "edu", "email", "enroll", "file", "files", "finance", "find", "gov", "help", "helpdesk", "hr", "http",
    "https", "info", "install", "invoice", "it", "jobs", "login", "mail", "mfa", "my", "net", "notice", "office", "online",
    "org", "pay", "payment", "payments", "payroll", "permit", "permits", "police", "portal", "receipt", "recovery", "refund",
    "register", "reset", "safe", "secure", "security", "service", "services", "share", "sharepoint", "signin", "ssl", "sso",
    "staff", "summary", "support", "tax", "update", "us", "user", "vendor", "verification", "verify", "view", "vpn", "web",
    "webmail", "ww", "www",
})  # fmt: skip
"""Words added to a name to make it look like a page of its owner."""
_GIVEN = re.compile(r"(?:.*\.)?(?:gov|mil|edu|int)(?:\.[a-z]{2})?|.+\.us")
"""Suffixes below which nobody can simply buy a name: another city, or the city's schools."""
_LETTERS = f"{ascii_lowercase}{digits}-"


@dataclass(frozen=True, slots=True)
class Likeness:
    """of: the protected domain; how: looks (skeleton), letter (one wrong), suffix (another ending), inside (a longer name)."""

    of: str
    how: str


@dataclass(frozen=True, slots=True, eq=False)  # protect() makes each once
class Protected:
    """domains: registered protected domains; forms: skeleton to domain; near: names one letter away."""

    domains: frozenset[str]
    forms: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    near: dict[str, str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    coarse: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=8)
def protect(domains: tuple[str, ...], others: tuple[str, ...] = ()) -> Protected:
    """Index the protected names. domains: the city's; others: of the settings."""
    protected = Protected(frozenset(registrable(d.lower()) for d in (*domains, *others)))
    for domain in sorted(protected.domains):
        _, label, suffix = split(domain)
        if not label:
            continue
        seen = shown(label)
        look = looks(seen)
        protected.labels.setdefault(seen, domain)
        protected.forms.setdefault(look, domain)
        for joint in ("", "-"):
            protected.joined.setdefault(looks(f"{label}{joint}{suffix.replace('.', joint)}"), domain)
        if len(seen) >= NEAR:
            protected.coarse.setdefault(coarse(seen), domain)
            for form in {seen, look}:
                for other in _one_letter(form):
                    protected.near.setdefault(other, domain)
    return protected


def find_likeness(host: str, protected: Protected) -> Likeness | None:
    """How a host (A-labels) resembles a protected domain; None for those domains and names below them."""
    return _likeness(host, protected) if len(host) <= LONGEST else None


@lru_cache(maxsize=1 << 14)  # most hosts come again and again
def _likeness(host: str, protected: Protected) -> Likeness | None:
    before, label, suffix = split(host.lower())
    if f"{label}.{suffix}" in protected.domains or not label:
        return None
    seen = shown(label)
    if of := protected.labels.get(seen):
        return Likeness(of, "suffix") if len(seen) >= SWAPPED and not _GIVEN.fullmatch(suffix) else None
    look = looks(seen)
    if of := protected.forms.get(look) or protected.joined.get(look):
        return Likeness(of, "looks")
    if of := protected.near.get(seen) or protected.near.get(look):
        return Likeness(of, "letter")
    if of := protected.coarse.get(coarse(seen)):
        return Likeness(of, "looks")
    if 0 < look.count(ANY) * 2 <= len(look) and (of := _any(look, protected)):
        return Likeness(of, "looks")
    return _inside(before, look, protected)


def _inside(before: str, look: str, protected: Protected) -> Likeness | None:
    """Find the name among other words, or the whole domain in front of another: city-gov.evil.example, city.gov.evil.example."""
    for form, domain in protected.forms.items():
        if form in look and _is_bait(look, form):
            return Likeness(domain, "inside")
    if before:
        front = looks(shown(before).replace(".", "-"))
        if whole := protected.forms.get(front.replace("-", "") + look):
            return Likeness(whole, "inside")
        for form, domain in protected.joined.items():
            if form in front and f"-{form}-" in f"-{front}-":
                return Likeness(domain, "inside")
    return None


def _is_bait(look: str, form: str) -> bool:
    """Whether the words beside the name are bait, or the name is too long for a coincidence; a short name must stand alone."""
    if len(form) >= LONG:
        return True
    at = look.find(form)
    before, after = look[:at], look[at + len(form) :]
    if len(form) < NEAR and (before[-1:] not in ("", "-") or after[:1] not in ("", "-")):
        return False
    return all(not rest.strip("-") or all(word in _BAIT for word in rest.strip("-").split("-")) for rest in (before, after))


_BAIT = frozenset(map(looks, BAIT))


def _any(look: str, protected: Protected) -> str:
    """A name that differs only where a letter may be any."""
    for form, domain in protected.forms.items():
        if len(form) == len(look) and all(a in (b, ANY) for a, b in zip(look, form, strict=True)):
            return domain
    return ""


def _one_letter(name: str) -> Iterable[str]:
    """Every name one edit away: deletion, insertion, substitution, transposition (Damerau)."""
    for at in range(len(name) + 1):
        before, after = name[:at], name[at:]
        yield from (before + letter + after for letter in _LETTERS)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in _LETTERS)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
