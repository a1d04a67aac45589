"""The content check that turns a message into spam tokens of four families.

- bytes: every four consecutive bytes of subject and raw body, of the first 3,500 bytes;
- letters: the same of the text as a reader sees it, so that base64 and HTML hide nothing;
- words: of subject and text, single and in pairs;
- form: how the message is built: header fields of authors' programs, parts, charsets, HTML tags, shapes of links and addresses.

No token names a relay, a date, a list or a Message-ID: those tell where a corpus came from, not what spam is. A token is an index
in the table of weights (model.py). Every family is limited, so that no message costs more than another.

References: Goodman and Yih, "Online Discriminative Spam Filter Training" (CEAS 2006); Sculley and Wachman (SIGIR 2007).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicmail.core.message.model import ParsedMessage
from civicmail.mail.screening import bands, structure_features
from civicmail.mail.screening.distinct import checksums, crcs, distinct, once
from civicmail.mail.screening.shapes import CheckResult, ContentCase

NAME = "spam"
VERSION = 1
CHECKS = ("spam", "nearly")
"""The names that are unavailable when this check fails."""

BITS = 20
FAMILIES = ("bytes", "letters", "words", "form")
GRAM = 4
FIRST = 3_500
MAX_TEXT = 20_000
MAX_WORDS = 1_500
MAX_WORD = 24

Ids = NDArray[np.uint32]
Tokens = Mapping[str, Ids]

_WORD = re.compile(r"[^\W_]+(?:[-'.@][^\W_]+)*|[$€£!?%]+")
_PLAIN_WORD = re.compile(rb"[a-z0-9]++(?:[-'.@][a-z0-9]++)*+|[$!?%]++")  # the same in small ASCII, in a third of the time
_WORD_LONG = 8  # characters of an ordinary word with its blank, and some more
_SALT = {"bytes": 1, "letters": 2, "words": 3, "pairs": 4, "form": 5, "hop": 6}
_MIX, _MIX2, _HIGH = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(64 - BITS)
_STEP = np.uint64(0x1000003)
_TURN = np.uint64(29)
_SALTS = {family: np.uint64(salt) * _STEP for family, salt in _SALT.items()}


def find(case: ContentCase) -> CheckResult:
    """The tokens and bands of the message, packed."""
    text = text_of(case.letter)
    made = tokens(case.raw, case.letter, text)
    plain: dict[str, Any] = {"v": VERSION, **pack(made), "bands": bands.compute(text)}
    return CheckResult(more=plain)


def tokens(raw: bytes, message: ParsedMessage, text: str | None = None) -> dict[str, Ids]:
    """The tokens of each family, sorted, without duplicates. text: of text_of."""
    text = text_of(message) if text is None else text
    words = crcs(_words(message.subject, text))
    sources = {
        "bytes": _fours(body_of(raw, message)),
        "letters": _fours(letters_of(message.subject, text)),
        "words": words,
        "pairs": _paired(words),
        "form": checksums(structure_features.extract(message)),
    }
    # all of them at once: numpy takes a microsecond for a call, however little there is to do
    places = _mixed(np.concatenate([value + _SALTS[source] for source, value in sources.items()]))
    a, b, _, c, _ = accumulate(map(len, sources.values()))  # where families end: words and pairs are one
    cuts = (slice(a), slice(a, b), slice(b, c), slice(c, None))
    return {family: distinct(places[cut]) for family, cut in zip(FAMILIES, cuts, strict=True)}


def text_of(message: ParsedMessage) -> str:
    """The text that a reader sees, plain and HTML, cut."""
    return f"{message.text[:MAX_TEXT]}\n{message.html_text[:MAX_TEXT]}".strip()


def body_of(raw: bytes, message: ParsedMessage) -> bytes:
    """The bytes of the first family."""
    start = message.parts[0].offset if message.parts else len(raw)  # the outermost part is the body
    body = bytes(raw[start : start + 2 * FIRST]).replace(b"\r\n", b"\n")
    return (message.subject[:500].encode("utf-8", "replace") + b"\n" + body)[:FIRST]


def letters_of(subject: str, text: str) -> bytes:
    """The bytes of the second family."""
    return (subject[:500] + "\n" + text[:FIRST]).encode("utf-8", "replace")[:FIRST]


def grams(content: bytes, family: str) -> Ids:
    """The token of every four consecutive bytes, in order."""
    return _places(_fours(content), family)


def named(names: Sequence[str], family: str) -> Ids:
    """The tokens of names, in order."""
    return _places(checksums(names), family)


def pack(made: Tokens) -> dict[str, Any]:
    """The tokens for the pipe: counts per family, and all tokens as bytes, which need no list (reader_request.py)."""
    counts = [len(made[family]) for family in FAMILIES]
    return {"counts": counts, "numbers": b"".join([made[family].astype("<u4", copy=False).tobytes() for family in FAMILIES])}


def unpack(plain: Mapping[str, Any]) -> dict[str, Ids]:
    """The inverse of pack. The sandboxed process may be compromised: the result is always valid indexes, no more per family than a
    message has. Raises ValueError for other data."""
    counts, content = plain.get("counts"), plain.get("numbers")
    if not isinstance(counts, list) or not isinstance(content, bytes) or len(content) % 4:
        raise ValueError("numbers are of four bytes, and counted")
    if len(counts) != len(FAMILIES) or not all(type(count) is int and 0 <= count <= 2 * FIRST for count in counts):
        raise ValueError("a message has no more numbers of a family")
    every = np.frombuffer(content, "<u4", min(sum(counts), len(content) // 4)) & np.uint32((1 << BITS) - 1)
    ends = list(accumulate(counts))
    return {family: once(every[end - n : end]) for family, n, end in zip(FAMILIES, counts, ends, strict=True)}


def spelled(raw: bytes, message: ParsedMessage) -> dict[str, dict[int, str]]:
    """What each token stands for at its first occurrence: an explanation for somebody who may read the message."""
    text = text_of(message)
    encoded = _words(message.subject, text)
    words, value = [word.decode("utf-8", "replace") for word in encoded], crcs(encoded)
    form = structure_features.extract(message)
    return {
        "bytes": _spelled_grams(body_of(raw, message), "bytes"),
        "letters": _spelled_grams(letters_of(message.subject, text), "letters"),
        "words": {
            **_first(_places(_paired(value), "pairs"), [f"{a} {b}" for a, b in pairwise(words)]),
            **_first(_places(value, "words"), words),
        },
        "form": _first(named(form, "form"), form),
    }


def _words(subject: str, text: str) -> list[bytes]:
    """The lower-case words of subject and text, in order, up to the limit."""
    words = [f"subject:{word.lower()[:MAX_WORD]}".encode("utf-8", "replace") for word in _WORD.findall(subject[:500])]
    cut, most = text[:MAX_TEXT], max(0, MAX_WORDS - len(words))
    if not cut.isascii():
        return words + [word.lower()[:MAX_WORD].encode("utf-8", "replace") for word in _beginning(_WORD, cut, most)]
    some = _beginning(_PLAIN_WORD, cut.encode().lower(), most)
    if max(map(len, some), default=0) > MAX_WORD:
        some = [word[:MAX_WORD] for word in some]
    return words + some


def _beginning[T: (str, bytes)](pattern: re.Pattern[T], text: T, most: int) -> list[T]:
    """The first matches. Most long texts reach the limit early; only a text of very long words is searched to its end."""
    if len(text) > _WORD_LONG * most and len(some := pattern.findall(text, 0, _WORD_LONG * most)) > most:
        return some[:most]  # not the last one, which may have been cut
    return pattern.findall(text)[:most]


def _fours(content: bytes) -> NDArray[np.uint64]:
    """Every four consecutive bytes as a number: a view of the bytes whose rows overlap."""
    rows = len(content) - GRAM + 1
    if rows < 1:
        return np.zeros(0, np.uint64)
    return np.ndarray((rows,), ">u4", content, strides=(1,)).astype(np.uint64)


def _paired(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return value[:-1] * _STEP + value[1:]


def _places(value: NDArray[np.uint64], family: str) -> Ids:
    """Indexes in the table."""
    return _mixed(value + _SALTS[family])


def _mixed(value: NDArray[np.uint64]) -> Ids:
    """The high bits of a mixed product (Steele, Lea and Flood, "SplitMix", OOPSLA 2014). Works in place."""
    value *= _MIX
    value ^= value >> _TURN
    value *= _MIX2
    value >>= _HIGH
    return value.astype(np.uint32)


def _spelled_grams(content: bytes, family: str) -> dict[int, str]:
    rows = [content[i : i + GRAM].decode("utf-8", "replace") for i in range(len(content) - GRAM + 1)]
    return _first(grams(content, family), rows)


def _first(ids: Ids, names: Sequence[str]) -> dict[int, str]:
    by_id: dict[int, str] = {}
    for id_, name in zip(ids.tolist(), names, strict=True):
        by_id.setdefault(id_, name)
    return by_id
