"""Paths of MAIL FROM and RCPT TO (RFC 5321 4.1.2, RFC 6531 3.3). Strict where a second address could hide.

`%` and `!` are ordinary letters of a local part here; who relays by them is the listener's question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.wire.errors import PathError

_ORDINARY = re.compile(
    r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,128})"
    r"@([A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)"
)
_BRACKETED = re.compile(r'\s*<((?:[^<>"\\]|"(?:[^"\\]|\\.)*"|\\.)*)>')
_BARE = re.compile(r"\s*([^\s<>]+)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_DOT_STRING = re.compile(r'[^\x00-\x20\x7f"\\()<>,;:@\[\]]+')
_LABEL = re.compile(r"[A-Za-z0-9_\u0080-\U0010ffff](?:[A-Za-z0-9_\u0080-\U0010ffff-]{0,61}[A-Za-z0-9_\u0080-\U0010ffff])?")
_LITERAL = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)

_MAX_LOCAL = 255  # RFC 5321 allows 64; real bounce addresses are longer
_MAX_DOMAIN = 255


@dataclass(frozen=True, slots=True)
class Path:
    """An address of the envelope. local: without quotes and backslashes; domain: lower case, "[...]" for a literal.

    raw: the text between the brackets. The null path has three empty fields; `<postmaster>` has no domain.
    """

    local: str
    domain: str
    raw: str

    @property
    def is_null(self) -> bool:
        return not self.raw

    @property
    def is_ascii(self) -> bool:
        return self.raw.isascii()


NULL = Path("", "", "")


def split_path(text: str, *, brackets_optional: bool) -> tuple[str, str]:
    """The raw path and the text after it, from the text after `FROM:` or `TO:`. Raises PathError if there is none.

    brackets_optional: printers and scripts omit the brackets; listeners for them accept that.
    """
    match = _BRACKETED.match(text)
    if match is None and brackets_optional and "<" not in text:
        match = _BARE.match(text)
    if match is None:
        raise PathError("An address must stand between < and >.")
    rest = text[match.end() :]
    if rest and not rest.startswith(" "):
        raise PathError("Something follows the address without a space.")
    return match.group(1), rest


def parse_path(raw: str) -> Path:
    """The address inside the brackets. PathError for what RFC 5321 does not allow and for source routes."""
    if not raw:
        return NULL
    ordinary = _ORDINARY.fullmatch(raw)
    if ordinary is not None and len(raw) <= _MAX_DOMAIN:
        return Path(ordinary.group(1), ordinary.group(2).lower(), raw)
    if raw.startswith("@"):
        raise PathError("Source routes are refused.", "550 5.7.1 Source routes are refused")
    local, rest = _local_part(raw)
    if len(local) > _MAX_LOCAL:
        raise PathError("The local part is too long.")
    if not rest:
        return Path(local, "", raw)
    if not rest.startswith("@"):
        raise PathError("The local part ends in something other than @.")
    return Path(local, _domain(rest[1:]), raw)


def without_detail(address: str) -> str:
    """`user@domain` of `user+detail@domain` (RFC 5233): what follows a plus is the holder's own affair. Others stay as they are."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _local_part(raw: str) -> tuple[str, str]:
    quoted = _QUOTED.match(raw)
    if quoted is not None:
        local = re.sub(r"\\(.)", r"\1", quoted.group(1))
        if not local or not local.isprintable():
            raise PathError("The quoted local part is empty or has control characters.")
        return local, raw[quoted.end() :]
    plain = _DOT_STRING.match(raw)
    if plain is None:
        raise PathError("The local part is not one.")
    return plain.group(), raw[plain.end() :]


def _domain(text: str) -> str:
    if text.startswith("["):
        if _LITERAL.fullmatch(text) is None:
            raise PathError("The address literal is not one.")
        return text.lower()
    if len(text) > _MAX_DOMAIN or not all(_LABEL.fullmatch(label) for label in text.split(".")):
        raise PathError("The domain is not one.")
    return text.lower()
