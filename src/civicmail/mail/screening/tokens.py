"""What the learner knows of a message: numbers of four families, made in the limited process (inner check).

- bytes: every four bytes in a row of the subject and of the body as it came, its first 3,500 bytes;
- letters: the same of the text as a reader sees it, so that base64 or HTML hides nothing;
- words: of subject and text, single and in pairs;
- form: how the message is built: the fields that authors' programs write, parts, charsets, tags, shapes of links and addresses.

Nothing of it names a server on the way, a date, a list or a Message-ID: those tell where a corpus came from, not what spam is.
A number is a place in the table of weights (model.py). Every family is cut, so that no message costs more than another.

References: Goodman and Yih, "Online Discriminative Spam Filter Training" (CEAS 2006); Sculley and Wachman (SIGIR 2007).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicmail.core.message.headers import header_block
from civicmail.core.message.shapes import Letter
from civicmail.mail.screening import bands, build
from civicmail.mail.screening.distinct import checksums, distinct
from civicmail.mail.screening.shapes import Found, Inner

NAME = "spam"
VERSION = 1
CHECKS = ("spam", "nearly")
"""What nobody can say where this fails."""

BITS = 20
FAMILIES = ("bytes", "letters", "words", "form")
GRAM = 4
FIRST = 3_500
TEXT_MOST = 20_000
WORDS_MOST = 1_500
WORD_MOST = 24

Ids = NDArray[np.uint32]
Tokens = Mapping[str, Ids]

_WORD = re.compile(r"[^\W_]+(?:[-'.@][^\W_]+)*|[$€£!?%]+")
_PLAIN_WORD = re.compile(r"[A-Za-z0-9]+(?:[-'.@][A-Za-z0-9]+)*|[$!?%]+")  # the same in ASCII, in less time
_SALT = {"bytes": 1, "letters": 2, "words": 3, "pairs": 4, "form": 5, "hop": 6}
_MIX, _MIX2, _HIGH = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(64 - BITS)
_STEP = np.uint64(0x1000003)
_TURN = np.uint64(29)


def find(case: Inner) -> Found:
    """The numbers and the bands of the message, as plain values (packed)."""
    text = text_of(case.letter)
    made = tokens(case.raw, case.letter, text)
    plain: dict[str, Any] = {"v": VERSION, **pack(made), "bands": bands.of(text)}
    return Found(more=plain)


def tokens(raw: bytes, letter: Letter, text: str | None = None) -> dict[str, Ids]:
    """The numbers of each family, sorted, each once. text: of text_of."""
    text = text_of(letter) if text is None else text
    words = _words(letter.subject, text)
    return {
        "bytes": distinct(grams(body_of(raw, letter.subject), "bytes")),
        "letters": distinct(grams(letters_of(letter.subject, text), "letters")),
        "words": distinct(_singles_and_pairs(words)),
        "form": distinct(named(build.of(letter), "form")),
    }


def text_of(letter: Letter) -> str:
    """What a reader sees of it, plain text and HTML, cut."""
    return f"{letter.text[:TEXT_MOST]}\n{letter.html_text[:TEXT_MOST]}".strip()


def body_of(raw: bytes, subject: str) -> bytes:
    """The bytes of the first family."""
    start = header_block(raw)
    body = bytes(raw[start : start + 2 * FIRST]).replace(b"\r\n", b"\n")
    return (subject[:500].encode("utf-8", "replace") + b"\n" + body)[:FIRST]


def letters_of(subject: str, text: str) -> bytes:
    """The bytes of the second family."""
    return (subject[:500] + "\n" + text[:FIRST]).encode("utf-8", "replace")[:FIRST]


def grams(content: bytes, family: str) -> Ids:
    """The number of every four bytes in a row, in their order."""
    b = np.frombuffer(content, np.uint8).astype(np.uint64)
    if len(b) < GRAM:
        return np.zeros(0, np.uint32)
    rows = len(b) - GRAM + 1
    value = np.zeros(rows, np.uint64)
    for i in range(GRAM):
        value = (value << np.uint64(8)) | b[i : i + rows]
    return _places(value, family)


def named(names: Sequence[str], family: str) -> Ids:
    """The numbers of names, in their order."""
    return _places(checksums(names), family)


def pack(made: Tokens) -> dict[str, str]:
    """The numbers as text, for the way between two processes."""
    return {family: base64.b64encode(ids.astype("<u4").tobytes()).decode() for family, ids in made.items()}


def unpack(plain: Mapping[str, Any]) -> dict[str, Ids]:
    """The numbers again. The limited process may have been taken over: whatever it says, these are places in the table, and of each
    family no more than a message has. Raises ValueError where it is nothing of the kind."""
    made: dict[str, Ids] = {}
    for family in FAMILIES:
        content = base64.b64decode(str(plain.get(family, "")), validate=True)
        if len(content) % 4:
            raise ValueError("numbers are of four bytes")
        made[family] = distinct(np.frombuffer(content, "<u4")[: 2 * FIRST] & np.uint32((1 << BITS) - 1))
    return made


def spelled(raw: bytes, letter: Letter) -> dict[str, dict[int, str]]:
    """What each number stands for, where it is first met: for an explanation to somebody who may read the message."""
    text = text_of(letter)
    words = _words(letter.subject, text)
    form = build.of(letter)
    return {
        "bytes": _spelled_grams(body_of(raw, letter.subject), "bytes"),
        "letters": _spelled_grams(letters_of(letter.subject, text), "letters"),
        "words": {
            **_first(_pairs(words), [f"{a} {b}" for a, b in pairwise(words)]),
            **_first(named(words, "words"), words),
        },
        "form": _first(named(form, "form"), form),
    }


def _words(subject: str, text: str) -> list[str]:
    found = [f"subject:{word.lower()[:WORD_MOST]}" for word in _WORD.findall(subject[:500])]
    cut = text[:TEXT_MOST]
    some: list[str] = _PLAIN_WORD.findall(cut) if cut.isascii() else _WORD.findall(cut)
    return found + [word.lower()[:WORD_MOST] for word in some[: max(0, WORDS_MOST - len(found))]]


def _singles_and_pairs(words: Sequence[str]) -> Ids:
    value = checksums(words)
    return np.concatenate([_places(value, "words"), _paired(value)])


def _pairs(words: Sequence[str]) -> Ids:
    return _paired(checksums(words))


def _paired(value: NDArray[np.uint64]) -> Ids:
    return _places(value[:-1] * _STEP + value[1:], "pairs")


def _places(value: NDArray[np.uint64], family: str) -> Ids:
    """Places in the table: the high bits of a mixed product (Steele, Lea and Flood, "SplitMix", OOPSLA 2014)."""
    value = (value + np.uint64(_SALT[family]) * _STEP) * _MIX
    value ^= value >> _TURN
    value *= _MIX2
    return (value >> _HIGH).astype(np.uint32)


def _spelled_grams(content: bytes, family: str) -> dict[int, str]:
    rows = [content[i : i + GRAM].decode("utf-8", "replace") for i in range(len(content) - GRAM + 1)]
    return _first(grams(content, family), rows)


def _first(ids: Ids, names: Sequence[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for id_, name in zip(ids.tolist(), names, strict=True):
        found.setdefault(id_, name)
    return found
