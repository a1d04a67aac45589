"""Names that look like other names: one skeleton for all letters that people take for each other (Unicode TR 39, the part that
matters for names in Latin letters). Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from civicmail.core.message import confusables

_ALIKE = confusables.TABLE | str.maketrans(
    "аеорсухіјѕԁԛԝһкмтнвгпи" + "αβεηικνορτυχγωϲϳ" + "ıɑɡɩʏᴏᴜᴠᴡᴢ" + "0135$@!|i",  # noqa: RUF001 - the point of it
    "aeopcyxljsdqwhkmthbrnu" + "abenlknoptuxywcj" + "laglyouvwz" + "olessalll",
)
"""Unicode's confusables, with more of Cyrillic, Greek, phonetic letters, and digits and signs that resemble letters; i is read as
l, like a capital I."""
AT_AND_DOT_LOOKALIKES = str.maketrans("\uff20\ufe6b\uff0e\u3002\uff61\u2024", "@@....")
"""Signs that are shown like an at or a dot."""
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")


@lru_cache(maxsize=1 << 16)  # a large city has 20,000 names
def skeleton(text: str) -> str:
    """The same for all names that look alike: compatibility forms, case, accents, look-alikes and spacing are evened out."""
    return uncached_skeleton(text)


def uncached_skeleton(text: str) -> str:
    """The skeleton of a text of any length, without the cache."""
    plain = text if text.isascii() else "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    plain = plain.casefold().translate(_ALIKE)
    plain = plain.replace("rn", "m").replace("vv", "w")
    return " ".join(plain.split())


def mixes_scripts(text: str) -> bool:
    """Whether one word has similar letters of two alphabets, which no person's name has."""
    return any(len({s for c in word if (s := _script(c))}) > 1 for word in text.split())


def _script(letter: str) -> str:
    if letter.isascii():
        return "LATIN" if letter.isalpha() else ""
    name = unicodedata.name(letter, "") if letter.isalpha() else ""
    return next((s for s in _SCRIPTS if name.startswith(s)), "")
