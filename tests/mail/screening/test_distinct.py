"""What is done faster in ASCII, or together, says the same."""

from __future__ import annotations

import re
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.screening import bands, structure_features, tokens
from civicmail.mail.screening.distinct import checksums, distinct, once


@given(st.lists(st.integers(0, 40), max_size=60))
def test_it_is_what_numpy_says(numbers: list[int]) -> None:
    for kind in (np.uint32, np.uint64):
        some = np.array(numbers, kind)
        assert distinct(some).tolist() == np.unique(some).tolist() and distinct(some).dtype == some.dtype
        assert once(some).tolist() == once(np.sort(some)).tolist() == once(np.unique(some)).tolist() == np.unique(some).tolist()


@given(st.lists(st.text(max_size=5) | st.sampled_from(["", "a\nb", "\n"]), max_size=8))
def test_names_are_checked_one_by_one(names: list[str]) -> None:
    assert checksums(names).tolist() == [zlib.crc32(name.encode("utf-8", "replace")) for name in names]


@given(st.text(st.characters(max_codepoint=127), max_size=80))
def test_words_in_ascii_are_the_same_words(text: str) -> None:
    slow = [match[0].lower().encode() for match in bands._WORD.finditer(text)]
    assert bands._words(text) == slow
    assert tokens._words("", text) == [word.lower()[: tokens.MAX_WORD].encode() for word in tokens._WORD.findall(text)]


@given(st.text(st.sampled_from("ab \n"), max_size=40))
def test_of_many_words_the_first_are_taken(text: str) -> None:
    slow = [match[0].encode() for match in bands._WORD.finditer(text)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "MAX_WORDS", 4)
        patch.setattr(bands, "_MAX_SPLIT", 5)
        assert bands._words(text) == slow[:4]


@given(st.binary(max_size=40))
def test_rows_of_four_bytes_are_the_same_rows(content: bytes) -> None:
    slow = [int.from_bytes(content[at : at + 4]) for at in range(len(content) - 3)]
    assert tokens._fours(content).tolist() == slow


@given(
    st.lists(
        st.sampled_from(
            [b"color", b"BGCOLOR", b"Method", b"blign", b"width", b"acolor", b"=", b" ", b"'", b'"', b"red", b"<", b"_", b">"]
        )
    )
)
def test_what_html_looks_like_is_found_where_a_simple_pattern_finds_it(pieces: list[bytes]) -> None:
    slow = re.compile(rb"(?i)\b(color|bgcolor|face|size|width|align|border|action|method)\s{0,3}=\s{0,3}[\"']?([^\s\"'<>]{1,16})")
    assert structure_features._LOOK.findall(b"".join(pieces)) == slow.findall(b"".join(pieces))
