"""One folded string for index and oracle: what is a token and what is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.query.fold import LONGEST, exact, fold, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ("hello", "world")),
        ("Grüße Straße ŁÓDŹ", ("grusse", "strasse", "lodz")),
        ("e\u0301te\u0301 été", ("ete", "ete")),
        ("snake_case it's A-1", ("snake", "case", "it", "s", "a", "1")),
        ("ﬁle ½ Ⅷ \uff26ull", ("file", "1", "2", "viii", "full")),
        ("İstanbul ISPARTA \u0131s\u0131", ("istanbul", "isparta", "isi")),
        ("Σίσυφος ΣΊΣΥΦΟΣ", ("σισυφοσ", "σισυφοσ")),
        ("zero\u200bwidth soft\u00adhyphen", ("zerowidth", "softhyphen")),
        ("שָׁלוֹם مَرْحَبًا", ("שלום", "مرحبا")),
        ("हिन्दी", ("हिन्दी",)),
        ("東京都", ("東", "京", "都")),
        ("ガス ｶﾞｽ", ("ガ", "ス", "ガ", "ス")),
        ("한글", ("한", "글")),
        (unicodedata.normalize("NFD", "한글"), ("한", "글")),
        ("PDF版2024年", ("pdf", "版", "2024", "年")),
        ("\ud800 \x00 \u3000", ()),
    ],
)
def test_tokens_of_many_scripts(text: str, expected: tuple[str, ...]) -> None:
    assert tokens(text) == expected


def test_words_over_64_characters_vanish_without_leaving_a_place() -> None:
    longest, longer = "x" * LONGEST, "x" * (LONGEST + 1)
    assert tokens(f"a {longest} b") == ("a", longest, "b")
    assert tokens(f"a {longer} b") == ("a", "b")
    assert tokens(longer) == ()
    assert tokens(f"{longer} é") == ("e",)
    assert tokens("ß" * (LONGEST // 2 + 1)) == ()


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_folding_is_settled_after_one_pass_and_splits_only_at_spaces(text: str) -> None:
    folded = fold(text)
    assert fold(folded).split() == folded.split()
    assert folded.split() == [t for t in folded.split(" ") if t]
    folded.encode("utf-8")


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text())
def test_a_word_folds_the_same_alone_and_in_its_sentence(left: str, right: str) -> None:
    assert tokens(left + " " + right) == tokens(left) + tokens(right)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_beside_other_letters_folds_as_ascii_alone(text: str) -> None:
    assert tokens(text + " é") == (*tokens(text), "e")


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_composed_and_decomposed_text_are_the_same(text: str) -> None:
    assert tokens(unicodedata.normalize("NFD", text)) == tokens(unicodedata.normalize("NFC", text))


def test_exact_tokens_have_no_space_and_keep_their_punctuation() -> None:
    assert exact("Ann.Lee+x@X.Example") == "ann.lee+x@x.example"
    assert exact(" a\tb\u3000ß ") == "abss"
    assert exact("x" * 999) == ""
    exact("\ud800é").encode("utf-8")
