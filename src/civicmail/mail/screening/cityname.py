"""Whether a text contains one of the city's domains after whatever decoding a mail program may apply (P-26). Pure.

    is_named(["=?utf-8?q?mayor=40city?=(x).example"], ("city.example",))

It is used only where programs may read a sender in several ways, so it errs towards yes.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import unquote

from civicmail.city.snapshot.from_header import is_hidden
from civicmail.core.message import encoded_words
from civicmail.core.message.lookalike import AT_AND_DOT_LOOKALIKES, uncached_skeleton
from civicmail.mail.screening.skeleton import shown

MAX_TEXT = 64 << 10
"""Characters that are decoded; the sender fields of an honest message are shorter."""
DEPTH, VARIANTS = 3, 48
"""Codings inside one another that are undone, and texts that are made by that."""
_BESIDE = re.compile(r"[\s\"'`\\<>()\[\]{},;:=+\x00-\x1f\x7f]+")
"""Characters between the letters of a name that programs hide or drop."""
_DOTS = re.compile(r"\.{2,}")
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_PUNYCODE = re.compile(r"xn--[a-z0-9.-]{1,253}", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}")
_PACKED = re.compile(r"\?[Bb]\?([^?]++)")
_FOREIGN = re.compile(r"[^A-Za-z0-9+/]+")
_MARK = re.compile(r"=\?[^?\s]{0,80}\?[BbQq]?\??|\?=")
_ESCAPE = re.compile(r"\x1b(?:[$(][(-/]?[@-Z]|\$?[@-Z])?|[\x0e\x0f]")
"""Of ISO 2022: from here on other letters."""


def is_named(texts: Iterable[str], domains: tuple[str, ...]) -> bool:
    """Whether one of these domains, or a name below one, can be read in a text. domains: lower case. Never raises."""
    text = "\n".join(texts)
    return len(text) > MAX_TEXT or any(key in form for form in _forms(text) for key in _keys(domains))


@lru_cache(maxsize=8)
def _keys(domains: tuple[str, ...]) -> tuple[str, ...]:
    every = {*domains, *map(shown, domains)}
    return tuple({form for domain in every for form in (_bare(domain), uncached_skeleton(_bare(domain)).replace(" ", ""))})


def _forms(text: str) -> set[str]:
    """Every decoding of a text in the form in which names are compared."""
    seen: dict[str, None] = {text: None}
    last = [text]
    for _ in range(DEPTH):
        last = list(dict.fromkeys(made for one in last for way in _WAYS if (made := way(one)) not in seen))[: VARIANTS - len(seen)]
        seen.update(dict.fromkeys(last))
    return {form for one in seen for form in _looks(one)}


def _looks(text: str) -> tuple[str, str, str]:
    """Three foldings, because signs that look like two letters may join only after something between them is dropped, or split
    there."""
    plain = visible(text).casefold()
    return _bare(plain), _bare(uncached_skeleton(plain)), uncached_skeleton(_bare(plain)).replace(" ", "")


def _bare(text: str) -> str:
    return _DOTS.sub(".", _BESIDE.sub("", text))


def visible(text: str) -> str:
    """Drop invisible characters; replace lookalikes of dot and at sign."""
    if text.isascii():
        return text
    return "".join(c for c in text.translate(AT_AND_DOT_LOOKALIKES) if c.isascii() or not is_hidden(c))


# -- ways to read a text


def _words(text: str) -> str:
    return encoded_words.words(text) if "=?" in text else text


def _marks(text: str) -> str:
    """Drop the delimiters of encoded words, because a broken one would hide the next."""
    return _MARK.sub("", text) if "?" in text else text


def _quoted_printable(text: str) -> str:
    return quopri.decodestring(text.encode("utf-8", "replace"), header=True).decode("utf-8", "replace") if "=" in text else text


def _percent(text: str) -> str:
    return unquote(text) if "%" in text else text


def _base64(text: str) -> str:
    """Decode runs of base64 letters, and declared base64 words, as UTF-8 and as UTF-16 (by dropping its zeros)."""
    coded = [match[0] for match in _BASE64.finditer(text)] + _PACKED.findall(text)
    return "\n".join(map(_unpacked, coded))


def _unpacked(packed: str) -> str:
    plain = _FOREIGN.sub("", packed)
    try:
        return base64.b64decode(plain[: len(plain) - (len(plain) % 4 == 1)] + "==").replace(b"\0", b"").decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _utf7(text: str) -> str:
    return text.encode("ascii", "replace").decode("utf-7", "replace") if "+" in text else text


def _escapes(text: str) -> str:
    return _ESCAPE.sub("", text)


def _punycode(text: str) -> str:
    return _PUNYCODE.sub(lambda match: shown(match[0].lower()), text) if "--" in text else text


def _comments(text: str) -> str:
    """Drop comments, also nested ones (RFC 5322 3.2.2); an unclosed one takes the rest."""
    if "(" not in text:
        return text
    kept, depth, at = [], 0, 0
    for match in _PARENTHESIS.finditer(text):
        if match[0] == "(":
            kept += [text[at : match.start()]] * (depth == 0)
            depth += 1
        elif match[0] == ")" and depth:
            depth -= 1
            at = match.end() if depth == 0 else at
    return "".join(kept) + (text[at:] if depth == 0 else "")


_WAYS: tuple[Callable[[str], str], ...] = (
    _words,
    _marks,
    _comments,
    _quoted_printable,
    _percent,
    _base64,
    _utf7,
    _escapes,
    _punycode,
)
