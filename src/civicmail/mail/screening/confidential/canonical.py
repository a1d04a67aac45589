"""The canonical spelling of a text: compatibility forms (NFKC), digits and dashes of any script as ASCII, no invisible characters,
no URLs.

ASCII text is unchanged, except that blanks replace URLs, whose numbers are not personal.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from civicmail.mail.screening.confidential.shapes import Text

LONGEST = 5 << 20
"""Characters of one part that are read; people write shorter texts."""

_URL = re.compile(
    r"[CFHWcfhw](?:(?<=[Hh])(?i:ttps?)://|(?<=[Ff])(?i:tp)://|(?<=\b[Ww])(?i:ww)\.|(?<=\b[Cc])(?i:id):)[^\s<>\"]+"
)  # https, ftp, www, cid: as in core/message/links.py it begins with a set of letters
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_INVISIBLE = frozenset({"Cf", "Mn", "Me"})  # format characters, marks on letters


def of(part: str, text: str, *, table: bool = False) -> Text:
    """The text of a part in its one spelling."""
    text = text[:LONGEST]
    shifts: list[tuple[int, int]] = []
    if not text.isascii():
        text = _folded(text, shifts)
    if "://" in text or "www." in text or "WWW." in text or "cid:" in text:
        text = _URL.sub(lambda m: " " * len(m[0]), text)
    return Text(part, text, tuple(shifts), table)


def _folded(text: str, shifts: list[tuple[int, int]]) -> str:
    """The spelling; what it changes of positions is added to shifts."""
    out: list[str] = []
    last = grown = 0
    for match in _NOT_ASCII.finditer(text):
        at = match.start()
        folded = fold(match[0])
        out.append(text[last:at])
        out.append(folded)
        last = at + 1
        if len(folded) != 1:
            grown += len(folded) - 1
            shifts.append((at + 1 + grown, -grown))
    out.append(text[last:])
    return "".join(out)


@lru_cache(maxsize=4096)
def fold(char: str) -> str:
    """The canonical form of one non-ASCII character: "" for an invisible one, letters without their accents."""
    category = unicodedata.category(char)
    if category in _INVISIBLE:
        return ""
    if category == "Pd" or char == "\u2212":  # minus sign
        return "-"
    if char in "\u2018\u2019\u201b\u02bc":
        return "'"
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    folded = unicodedata.normalize("NFKD", char)
    return "".join(c for c in folded if unicodedata.category(c) not in _INVISIBLE)
