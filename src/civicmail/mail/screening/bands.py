"""Near-duplicate detection by minhash: eight bands of a text, of which near-duplicates share four or more.

The text becomes its words without digits, the words become triples, and the 32 smallest hashes become bands of four (Broder, "On
the resemblance and containment of documents", 1997). A short text has no bands, because "Thank you" equals every other "Thank
you".
"""

from __future__ import annotations

import re
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from civicmail.mail.screening.distinct import crcs, distinct

BANDS = 8
ROWS = 4
ALIKE = 4
"""Bands that two near-duplicates share at least."""
MAX_WORDS = 1_000
MIN_TRIPLES = 12
_MAX_SPLIT = MAX_WORDS + MAX_WORDS // 4  # every fifth may be of one letter

_WORD = re.compile(r"[^\W\d_]{2,}")
_SMALL_LETTERS = bytes(i if chr(i).isalpha() and i < 128 else 32 for i in range(256))
_SEEDS = np.array([
    0x1DBC023139E87455, 0x69FF5E4453663B59, 0x43947FE907443235, 0x73EACBFA3C0782C3,
    0x1572B084B1A1EE91, 0x5E2D3F7825D376FD, 0x73E05AFC0169B11D, 0x2D85A27EFEB70F89,
    0x684AB7DDEF83AC0D, 0x553867F18780CF35, 0x1F189077E90F5047, 0x6465C294D83D8BC3,
    0x638157B6BFECD553, 0x3F2E65A55B6CFC5D, 0x4AFF465D70089399, 0x507E41BDA08FCD57,
    0x419F4F640012240F, 0x3AE6B695B34F51E9, 0x6435257B30D7A84B, 0x28D059033A5A57F3,
    0x2A7EFDC3059C2F73, 0x4E18015AD3A443CD, 0x555B3E6DBD075F15, 0x219B3E356194009F,
    0x3799F41A5D906715, 0x1593EFE806868345, 0x17C20F11A8BD4BE5, 0x7AB58AB3AF7F160B,
    0x6D9CE1A488B30A91, 0x7898B5FD84B4C239, 0x4AD9D0CCD64224E1, 0x38CC310534B26DC3,
], dtype=np.uint64)  # fmt: skip
"""Odd random numbers, one for each row. Stored bands depend on them."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_TURN = np.uint64(32)


def compute(text: str) -> list[str]:
    """The bands, 16 hexadecimal digits each; none for a short text."""
    words = _words(text)
    if len(words) < MIN_TRIPLES + 2:
        return []
    w = crcs(words)
    triples = distinct((w[:-2] * np.uint64(0x1000003) + w[1:-1]) * np.uint64(0x1000003) + w[2:])
    if len(triples) < MIN_TRIPLES:
        return []
    value = triples[None, :] * _SEEDS[:, None]
    value ^= value >> _TURN  # as _mixed does, without two more tables of a quarter of a megabyte
    value *= _MIX
    least = value.min(axis=1).reshape(BANDS, ROWS)
    return [int(band).to_bytes(8).hex() for band in _folded(least)]


def _words(text: str) -> list[bytes]:
    """Words of two letters or more, lower case. ASCII is split without a regular expression, in a fifth of the time."""
    if text.isascii():
        every = text.encode().lower().translate(_SMALL_LETTERS).split(None, _MAX_SPLIT)
        some = [word for word in every[:_MAX_SPLIT] if len(word) > 1]
        if len(some) < MAX_WORDS and len(every) > _MAX_SPLIT:  # so many of one letter
            some = [word for word in b" ".join(every).split() if len(word) > 1]
        return some[:MAX_WORDS]
    return [match[0].lower().encode("utf-8", "replace") for match in islice(_WORD.finditer(text), MAX_WORDS)]


def _folded(least: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """One number for each band. It includes the band's position, so that one table holds all bands."""
    value = np.arange(1, BANDS + 1, dtype=np.uint64) * _MIX
    for row in range(ROWS):
        value = _mixed((value + least[:, row]) * _MIX)
    return value


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (value ^ (value >> _TURN)) * _MIX
