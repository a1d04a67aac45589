"""What is done faster in ASCII, or together, says the same."""

from __future__ import annotations

import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.screening import bands, tokens
from civicmail.mail.screening.distinct import checksums, distinct


@given(st.lists(st.integers(0, 40), max_size=60))
def test_it_is_what_numpy_says(numbers: list[int]) -> None:
    for kind in (np.uint32, np.uint64):
        some = np.array(numbers, kind)
        assert distinct(some).tolist() == np.unique(some).tolist() and distinct(some).dtype == some.dtype


@given(st.lists(st.text(max_size=5) | st.sampled_from(["", "a\nb", "\n"]), max_size=8))
def test_names_are_checked_one_by_one(names: list[str]) -> None:
    assert checksums(names).tolist() == [zlib.crc32(name.encode("utf-8", "replace")) for name in names]


@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_words_in_ascii_are_the_same_words(text: str) -> None:
    slow = [match[0].lower().encode() for match in bands._WORD.finditer(text)]
    assert bands._words(text) == slow
    assert tokens._PLAIN_WORD.findall(text) == tokens._WORD.findall(text)
