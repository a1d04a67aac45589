"""Parse recipients as people type them: addresses with or without names, or names alone. Pure.

    parse_typed("Lena Vogt <lena.vogt@city.example>, ann@paving.example; Street crews")

Nothing is guessed: what is neither an address nor a name in the directory is returned as wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import parse_path
from civicmail.desk.mailbox.compose import NamedAddress

MAX_ADDRESS = 254
"""Characters of an address (RFC 5321 4.5.3.1.3, without the brackets)."""

_PIECE = re.compile(r'(?:"(?:[^"\\]|\\.)*"|<[^<>]*>|[^,;\n"<>]|["<>])+')
_BRACKETS = re.compile(r"\A(.*?)\s*<\s*([^<>]*?)\s*>\Z", re.DOTALL)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


@dataclass(frozen=True, slots=True)
class TypedRecipients:
    """named: addresses, each once; names: words without an address, for the directory; wrong: what cannot be an address."""

    named: tuple[NamedAddress, ...] = ()
    names: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


def parse_typed(text: str) -> TypedRecipients:
    """Parse a field. Commas, semicolons and line breaks separate, but not within quotation marks."""
    named: dict[str, NamedAddress] = {}
    names: list[str] = []
    wrong: list[str] = []
    for piece in split(text):
        if "@" not in piece and "<" not in piece:
            names.append(_name(piece))
            continue
        match = _BRACKETS.match(piece)
        name, plain = (_name(match[1]), match[2]) if match else ("", piece)
        address = address_of(plain)
        if address:
            named.setdefault(address.lower(), NamedAddress(address, name))
        else:
            wrong.append(piece)
    return TypedRecipients(tuple(named.values()), tuple(dict.fromkeys(filter(None, names))), tuple(dict.fromkeys(wrong)))


def outside_addresses(fields: Iterable[str], domains: Collection[str]) -> list[str]:
    """Addresses in these fields that are not of the city, lower case, each once. domains: of the city, lower case."""
    addresses = [n.address.lower() for text in fields for n in parse_typed(text).named]
    return list(dict.fromkeys(a for a in addresses if a.rpartition("@")[2] not in domains))


def split(text: str) -> list[str]:
    """The parts of a field, one for each recipient."""
    return [piece for match in _PIECE.finditer(text) if (piece := " ".join(match[0].split()))]


def address_of(plain: str) -> str:
    """The address for an envelope: the domain in lower case, other scripts in ASCII; empty if mail cannot go there."""
    local, at, domain = plain.strip().rpartition("@")
    if not at or not local.isascii() or len(plain) > MAX_ADDRESS:
        return ""
    try:
        domain = domain.lower().rstrip(".")
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        path = parse_path(f"{local}@{domain}")
    except (UnicodeError, PathError):
        return ""
    return path.raw if _DOMAIN.fullmatch(domain) and not path.is_null else ""


def line(named: Iterable[NamedAddress]) -> str:
    """Recipients as text for a field."""
    return ", ".join(f"{_quoted(n.name)} <{n.address}>" if n.name else n.address for n in named)


def append(text: str, recipients: Iterable[NamedAddress]) -> str:
    """Append recipients to a typed field; skip those that are present."""
    known = {n.address.lower() for n in parse_typed(text).named}
    new = line(n for n in recipients if n.address.lower() not in known)
    return ", ".join(part for part in (text.strip().rstrip(",;").strip(), new) if part)


def choose(text: str, words: str, line_: str) -> str:
    """The field with the recipient that was chosen for the words."""
    return ", ".join(line_ if _name(piece) == words else piece for piece in split(text))


def _quoted(name: str) -> str:
    plain = " ".join(name.replace('"', "'").replace("\\", "").split())
    return f'"{plain}"' if re.search(r"[,;<>@]", plain) else plain


def _name(words: str) -> str:
    words = words.strip()
    if len(words) > 1 and words[0] == words[-1] == '"':
        words = re.sub(r"\\(.)", r"\1", words[1:-1])
    return words.strip()
