"""Strict parser of one address field: exactly one mailbox that every program reads alike (RFC 5322 3.4, without 4.4).

The general parser (core/message/addresses.py) accepts as much as possible. This one does the opposite: it rejects text that two
programs might read differently, with the name of the broken rule. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from civicmail.core.message import encoded_words

_FIELD = re.compile(rb"([!-9;-~]+):")
_LOOSE = re.compile(rb"([!-9;-~]+)[ \t]+:")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_WORD = re.compile(
    r"=\?(?:utf-8|us-ascii|iso-8859-1|iso-8859-15|windows-1252)\?(?:[Bb]\?[A-Za-z0-9+/]+={0,2}|[Qq]\?[!->@-~]+)\?=", re.I
)
_WORDS = re.compile(rf"(?:{_WORD.pattern})(?:[ \t]+(?:{_WORD.pattern}))*", re.I)
_QUOTED = re.compile(r'"([^"\\]*)"')
_ATOMS = re.compile(r'[^"()<>\[\]:;@\\,\x00-\x1f\x7f]+')


@dataclass(frozen=True, slots=True)
class HeaderField:
    """name: lower case; raw: what follows the colon; offset, length: the whole field in the message, with its line end."""

    name: str
    raw: bytes
    offset: int
    length: int


class InvalidSender(Exception):
    """A form that is refused. rule: its name, for sender_refusals.py."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def parse_fields(header: bytes) -> list[HeaderField]:
    """The fields of a header block without its empty line. Raises Dishonest for lines that some programs read as no field."""
    if b"\r" in header.replace(b"\r\n", b""):
        raise InvalidSender("header-bare-cr")
    result: list[HeaderField] = []
    at = 0
    for line in header.splitlines(keepends=True):
        if line.startswith((b" ", b"\t")):
            if not result:
                raise InvalidSender("header-begins-folded")
            last = result[-1]
            result[-1] = HeaderField(last.name, last.raw + line, last.offset, last.length + len(line))
        else:
            name = _FIELD.match(line)
            if name is None:
                raise InvalidSender("header-space" if _LOOSE.match(line) else "header-broken")
            result.append(HeaderField(name.group(1).decode("ascii").lower(), line[name.end() :], at, len(line)))
        at += len(line)
    return result


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """One mailbox. shown: names that readers may see, depending on their program; exact: the name if all programs show the same."""

    address: str
    shown: tuple[str, ...]
    exact: str | None


def parse_mailbox(raw: bytes) -> NamedAddress:
    """The one mailbox of a field value. Raises Dishonest."""
    value = _text(raw)
    if not value:
        raise InvalidSender("empty")
    if "\\" in value:
        raise InvalidSender("quoted-pair")
    marks = _mask_quoted(value)
    if "(" in marks or ")" in marks:
        raise InvalidSender("comment")
    if marks.count("<") > 1 or marks.count(">") > 1:
        raise InvalidSender("several" if re.search(r"[,;]", marks) else "two-addresses")
    if "<" not in marks and ">" not in marks:
        return NamedAddress(_address(value, marks), (), "")
    phrase, opened, rest = value[: marks.index("<")] if "<" in marks else "", "<" in marks, ""
    if not opened or ">" not in marks or marks.index(">") < marks.index("<"):
        raise InvalidSender("form")
    inside, rest = value[marks.index("<") + 1 : marks.index(">")], value[marks.index(">") + 1 :]
    _check_phrase(marks[: marks.index("<")])
    if rest.strip():
        raise InvalidSender("several" if rest.strip()[0] in ",;" else "after")
    return NamedAddress(_address(inside, marks[marks.index("<") + 1 : marks.index(">")]), *_name(phrase.strip()))


def _text(raw: bytes) -> str:
    """The value on one line. A line of white space only would end the header for some programs."""
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if any(not line.strip(b" \t") for line in lines[1:]):
        raise InvalidSender("blank-fold")
    try:
        value = b"".join(lines).replace(b"\t", b" ").decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidSender("bytes") from None
    if _CONTROL.search(value):
        raise InvalidSender("control")
    if is_hidden(value):
        raise InvalidSender("hidden")
    return value.strip(" \t")


def is_hidden(text: str) -> bool:
    """Whether a text has invisible characters: zero width, direction marks, controls, tags, fillers."""
    return any(
        unicodedata.category(c) in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp") or c in "\u115f\u1160\u3164\uffa0\u2800" for c in text
    )


def _mask_quoted(value: str) -> str:
    """The value with quoted text blanked out, at the same positions."""
    if value.count('"') % 2:
        raise InvalidSender("form")
    return _QUOTED.sub(lambda m: '"' + "x" * len(m[1]) + '"', value)


def _check_phrase(marks: str) -> None:
    """Check the text before the address: a name, and no further addresses, groups or routes."""
    for letter, rule in ((":", "group"), (";", "several"), (",", "several"), ("[", "form"), ("]", "form")):
        if letter in marks:
            raise InvalidSender(rule)


def _address(text: str, marks: str) -> str:
    for is_broken, rule in (
        (text.startswith("@"), "route"),
        (":" in marks, "group"),
        ("," in marks or ";" in marks, "several"),
        ('"' in text, "quoted-local"),
        ("=?" in text, "encoded-address"),
        (not text.isascii(), "confusable"),
        (_ADDRESS.fullmatch(text) is None, "form"),
    ):
        if is_broken:
            raise InvalidSender(rule)
    return text


def _name(phrase: str) -> tuple[tuple[str, ...], str | None]:
    """The names that readers may see, and the name if there is only one reading."""
    quoted = _QUOTED.fullmatch(phrase)
    bare = quoted.group(1) if quoted else phrase
    if "=?" not in phrase:
        plain = bare.isascii() and (quoted or not bare or _ATOMS.fullmatch(bare))  # raw UTF-8 is read in as many ways as programs
        return ((bare,) if bare else ()), bare if plain else None
    seen = encoded_words.words(bare.replace('"', ""))
    return (seen, bare), seen if not quoted and _WORDS.fullmatch(phrase) else None
