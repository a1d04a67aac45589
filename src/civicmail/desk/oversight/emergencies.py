"""Emergency rules: the mail that one security officer may stop immediately, and no other. Pure; without Django.

Such a rule rejects or quarantines mail from outside by one exact property, for at most 72 hours. It cannot allow anything, and it
never applies to mail that employees send: its condition begins with `inbound` (P-25, P-29).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import field_error
from civicmail.mail.screening import indicators, urls
from civicmail.mail.screening.header_facts import alabel

MAX_HOURS: Final = 72
DOS: Final = {"quarantine": "Put it into quarantine", "refuse": "Refuse it"}
PREFIX: Final = "emergency-"
MAX_VALUE: Final = 300
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_DOMAIN = re.compile(r"(?=.{4,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+\Z")
_ADDRESS = re.compile(r"[^@\s\"<>]{1,64}@[a-z0-9_.-]{4,253}\Z")
_MIN_SUBJECT = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """name: in forms; hint: for the form; clean: typed text -> the value, or a sentence after "!"; when: value -> condition on
    mail from outside; fits, spares: value -> facts for the two examples."""

    name: str
    hint: str
    clean: Callable[[str], str]
    when: Callable[[str], str]
    fits: Callable[[str], str]
    spares: str


def _sender(text: str) -> str:
    plain = text.lower()
    return plain if _ADDRESS.match(plain) else "!Write one whole address, like billing@example.com."


def _domain(text: str) -> str:
    plain = alabel(text.lower().removeprefix("@").rstrip("."))
    if not _DOMAIN.match(plain):
        return "!Write one whole domain, like example.com."
    return plain if urls.split(plain)[1] else "!Under this name many register domains of their own: write one of those."


def _url(text: str) -> str:
    return text if indicators.target_digest(text) else "!Write one whole web address, like https://example.com/pay."


def _hash(text: str) -> str:
    plain = text.lower().replace(":", "")
    return plain if _SHA256.match(plain) else "!Write the SHA-256 of one file: 64 digits of 0-9 and a-f."


def _subject(text: str) -> str:
    plain = " ".join(text.split())
    letters = sum(c.isalnum() for c in plain)
    return plain if letters >= _MIN_SUBJECT else f"!Write at least {_MIN_SUBJECT} letters or digits: fewer stop too much."


def _below(domain: str) -> str:
    """A domain with its subdomains, in either address."""
    return f"{_within('sender.domain', domain)} || {_within('from.domain', domain)}"


def _within(fact: str, domain: str) -> str:
    return f"{fact} == {_text(domain)} || {fact}.endsWith({_text(f'.{domain}')})"


def _pattern(words: str) -> str:
    """Words in this order, in any case, with any space between them."""
    return "(?i)" + r"\s+".join("".join(c if c.isalnum() or not c.isascii() else f"\\{c}" for c in w) for w in words.split())


def _text(value: str) -> str:
    """A literal, in TOML and in CEL."""
    return json.dumps(value, ensure_ascii=False)


KINDS: Final[dict[str, Kind]] = {
    "sender": Kind(
        "One sender", "The whole address.", _sender,
        lambda v: f"sender.address == {_text(v)} || from.address == {_text(v)}", lambda v: f'"sender.address" = {_text(v)}',
        '"sender.address" = "somebody@else.example"',
    ),
    "domain": Kind(
        "A domain", "With all that lies below it.", _domain, _below, lambda v: f'"sender.domain" = {_text(v)}',
        '"sender.domain" = "else.example"',
    ),
    "host": Kind(
        "A host of links", "The whole name that links lead to, like pay.example.com.", _domain,
        lambda v: f"{_text(v)} in links.hosts", lambda v: f'"links.hosts" = [{_text(v)}]', '"links.hosts" = ["else.example"]',
    ),
    "url": Kind(
        "A web address", "Host and path; what stands behind a ? does not count.", _url,
        lambda v: f"{_text(indicators.target_digest(v))} in links.places",
        lambda v: f'"links.places" = [{_text(indicators.target_digest(v))}]',
        '"links.places" = ["0000000000000000"]',
    ),
    "hash": Kind(
        "A file", "Its SHA-256.", _hash, lambda v: f"{_text(v)} in files.sha256", lambda v: f'"files.sha256" = [{_text(v)}]',
        f'"files.sha256" = ["{"0" * 64}"]',
    ),
    "subject": Kind(
        "Words of the subject", "In this order, in any case.", _subject, lambda v: f"message.subject.matches({_text(_pattern(v))})",
        lambda v: f'"message.subject" = {_text(v)}', '"message.subject" = "Something else"',
    ),
}  # fmt: skip
"""By name, in the order of the form."""


def cleaned(kind: str, text: str, own: tuple[str, ...]) -> str:
    """The value as it is stored. own: the city's domains. Raises Unusable for the field "value"."""
    plain = text.strip()
    if len(plain) > MAX_VALUE or not plain.isprintable():
        value = f"!At most {MAX_VALUE} characters that can be seen."
    else:
        value = KINDS[kind].clean(plain)
    problem = value.removeprefix("!") if value.startswith("!") else ""
    domain = value.rpartition("@")[2] if kind in ("sender", "domain", "host") else ""
    if domain and any(domain == name or _is_below(kind, domain, name) for name in own):
        problem = "This is the city's own; mail that only pretends to be from it is refused without an emergency."
    if problem:
        raise field_error("value", problem)
    return value


def _is_below(kind: str, domain: str, own: str) -> bool:
    """Whether a domain with all below it has the city's own, or a host of links lies below that."""
    return (kind == "domain" and own.endswith(f".{domain}")) or (kind == "host" and domain.endswith(f".{own}"))


ENVELOPE: Final[dict[str, Callable[[str], str]]] = {
    "sender": lambda v: f"sender.address == {_text(v)}",
    "domain": lambda v: _within("sender.domain", v),
}
"""Properties that the envelope alone shows, without screening."""


def when(kind: str, value: str, *, screened: bool = True) -> str:
    """The condition: from outside, and the one property. screened: whether content is screened."""
    return f"inbound && ({(KINDS[kind].when if screened else ENVELOPE[kind])(value)})"


def text(number: int, kind: str, value: str, do: str, reason: str, until: int, *, screened: bool = True) -> str:
    """The rule as TOML. number: of the emergency; until: ms, its end; screened: as in `when`."""
    why = " ".join(reason.split())
    shown = KINDS[kind]
    return f"""[[rule]]
id = "{PREFIX}{number}"
clause = "P-25"
owner = "Security officer"
why = {_text(why)}
expires = {from_ms(until).strftime("%Y-%m-%dT%H:%M:%SZ")}
severity = "high"
mode = "enforce"
do = "{do}"
when = {_text(when(kind, value, screened=screened))}
sender = "This message belongs to an attack that the city is stopping at this moment."
reader = "It belongs to an attack that is being stopped; it waits until that is over, or a person lets it go."
ask = "the security officer"

[[rule.example]]
facts = {{ inbound = true, {shown.fits(value)} }}
fits = true

[[rule.example]]
facts = {{ inbound = true, {shown.spares} }}
fits = false
"""
