"""In whose name a message is written, for every mail program: From, Sender and Resent fields, however they are encoded.

Programs differ on violations of RFC 5322, so nothing is guessed. Where all must read exactly one mailbox, that is the sender
(fromfield.read); elsewhere the city's domains are searched in every decoding of the fields. Pure; runs in the sandboxed process,
in time linear in the header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from civicmail.city.snapshot.from_header import InvalidSender, NamedAddress, parse_mailbox
from civicmail.core.message import addresses, encoded_words, limits
from civicmail.mail.screening import canonical
from civicmail.mail.screening.cityname import is_named, visible
from civicmail.mail.screening.domains import a_labels, is_within

MAX_VALUE = 2_000
"""Bytes of a field that must be one mailbox; of a longer one programs show different parts."""
MAX_FIELDS = 100
"""Fields whose addresses are parsed one by one. Several From fields are never an honest sender."""
_OTHERS = frozenset({b"sender", b"resent-from", b"resent-sender"})
_BEGINS = (b" ", b"\t", b"\r", b"\n")
_NAMES = frozenset({b"from", b"sender", b"resentfrom", b"resentsender"})
_FIELD = re.compile(rb"\n((?i:resent-)?(?i:from|sender)):([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_ODD = re.compile(rb"\n(?![ \t\n]|[!-9;-~]++:|\Z)([^\n]++(?:\n[ \t][^\n]*+)*+)")
"""A folded line that is no field by RFC 5322 2.2: some programs read it, some end the header there."""
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf|[ \t\r\n\0])*+")
_OTHER = re.compile(rb"[^a-z]+")
_AN_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]*@([^\s<>()\[\]\"',;:@]+)")


@dataclass(frozen=True, slots=True)
class Senders:
    """author, others: city domains (A-labels) of addresses in From, and in the other fields. disguise: why the fields are not
    exactly one honest mailbox each while containing a city domain; "" otherwise. single: there is one From that every program
    reads alike, so that a signature covers what they show."""

    author: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    disguise: str = ""
    single: bool = True

    def plain(self) -> dict[str, Any]:
        return {"author": self.author, "others": self.others, "disguise": self.disguise, "single": self.single}


def from_plain(plain: Mapping[str, Any]) -> Senders:
    """As received from the sandboxed process. Raises TypeError or KeyError for invalid data."""
    author, others = (tuple(str(domain) for domain in plain[name]) for name in ("author", "others"))
    return Senders(author, others, str(plain["disguise"]), bool(plain["single"]))


def senders(raw: bytes, domains: Iterable[str]) -> Senders:
    """raw: a message, or its beginning; domains: the city's. Never raises."""
    header, _ = canonical.divided(raw)
    return senders_of(raw, header, canonical.fields(header), domains)


def senders_of(raw: bytes, header: bytes, every: Sequence[canonical.Field], domains: Iterable[str]) -> Senders:
    """As senders(), with header block and fields already parsed."""
    cities = tuple(filter(None, map(a_labels, domains)))
    views = [_View.from_fields(every)] if _is_plain(header, every) else [_View.parse(data) for data in _headers(raw)]
    collector = _Collector(cities)
    for view in views:
        collector.take(view)
    structure = max((view.rule for view in views), default="")
    structure = structure or ("header-bare-cr" if len(views) > 1 else "")
    rule = structure or collector.rule
    author, others = (tuple(dict.fromkeys(collector.names[of])) for of in (True, False))
    single = not structure and len(views[0].authors) == 1
    return Senders(author, others, rule if rule and is_named(collector.texts, cities) else "", single)


def _is_plain(header: bytes, every: Sequence[canonical.Field]) -> bool:
    """Whether every line is a field or a folded line, so that there is one reading: nearly all mail is."""
    lines, ends = header.count(b"\n"), header.count(b"\r\n")
    if not every or header[:1] in _BEGINS or ends != header.count(b"\r") or len(header) > limits.HEADER_BYTES:
        return False
    return lines - header.count(b"\n ") - header.count(b"\n\t") == len(every)


def _headers(raw: bytes) -> Iterator[bytes]:
    """The header block with LF line ends. A lone CR is a space to some programs and a line end to others: then both readings."""
    start = _BEFORE.match(raw).end()  # type: ignore[union-attr]  # it matches in any case
    header, _ = canonical.divided(raw[start:] if start else raw)
    data = b"\n" + header[: limits.HEADER_BYTES].replace(b"\r\n", b"\n")
    if b"\r" in data:
        yield data.replace(b"\r", b" ")
        data = data.replace(b"\r", b"\n")
    yield data


@dataclass(frozen=True, slots=True)
class _View:
    """The sender fields in one reading of the header. rule: what is wrong with their number or place."""

    authors: tuple[bytes, ...]
    others: tuple[bytes, ...]
    rule: str

    @classmethod
    def from_fields(cls, every: Sequence[canonical.Field]) -> _View:
        authors = tuple(field.value for field in every if field.name == b"from")
        named = [field for field in every if field.name in _OTHERS]
        rule = "twice" if len(authors) > 1 else "sender-twice" if [one.name for one in named].count(b"sender") > 1 else ""
        return cls(authors, tuple(field.value for field in named), rule)

    @classmethod
    def parse(cls, data: bytes) -> _View:
        named = [(name.lower(), value) for name, value in _FIELD.findall(data)]
        odd = [address for line in _ODD.findall(data) if (address := _loosely(line))]
        authors = [value for name, value in named if name == b"from"]
        others = [value for name, value in named if name != b"from"]
        rule = "header-broken" if odd else "twice" if len(authors) > 1 else ""
        if not rule and sum(name == b"sender" for name, _ in named) > 1:
            rule = "sender-twice"
        return cls(
            (*authors, *(value for name, value in odd if name == b"from")),
            (*others, *(value for name, value in odd if name != b"from")),
            rule,
        )


def _loosely(line: bytes) -> tuple[bytes, bytes] | None:
    """Name and value of a line that a lenient program reads as a sender field."""
    before, colon, value = line.partition(b":")
    name = _OTHER.sub(b"", before.lower())
    return (name, value) if colon and name in _NAMES else None


@dataclass(slots=True)
class _Collector:
    """The contents of the fields. names: city domains, by whether From has them; texts: all values; rule: the first one broken."""

    cities: tuple[str, ...]
    rule: str = ""
    texts: list[str] = field(default_factory=list)
    names: dict[bool, list[str]] = field(default_factory=lambda: {True: [], False: []})

    def take(self, view: _View) -> None:
        for author, values in ((True, view.authors), (False, view.others)):
            for value in values[:MAX_FIELDS]:
                self.value(author, value)
            self.texts += [encoded_words.text(value) for value in values[MAX_FIELDS:]]

    def value(self, author: bool, value: bytes) -> None:
        text = encoded_words.text(value)
        self.texts.append(text)
        try:
            if len(value) > MAX_VALUE:
                raise InvalidSender("too-long")
            named = parse_mailbox(value)
        except InvalidSender as problem:
            self.rule = self.rule or problem.rule
            domains = [one.domain for one in addresses.parse(text)]
        else:
            self.rule = self.rule or self._shown(named)
            domains = [named.address.rpartition("@")[2]]
        self.names[author] += [name for domain in domains if self._is_ours(name := a_labels(domain))]

    def _is_ours(self, name: str) -> bool:
        return any(is_within(name, city) for city in self.cities)

    def _shown(self, named: NamedAddress) -> str:
        """The rule broken by an address that every program reads alike, but some show as another."""
        local, _, domain = named.address.lower().rpartition("@")
        if "xn--" in domain and not self._is_ours(domain):
            return "confusable"
        for name in named.shown:
            for match in _AN_ADDRESS.finditer(visible(name)):
                other = a_labels(match[1].rstrip("."))
                if self._is_ours(other) and match[0].lower().rstrip(".") != f"{local}@{domain}":
                    return "name-address"
        return ""
