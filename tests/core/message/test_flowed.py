"""Plain text in lines as it is meant (RFC 3676)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import flowed

FLOWED = {"format": "flowed"}


def test_quoting_is_counted_and_taken_off() -> None:
    assert list(flowed.lines("a\n> b\n> > c\n>> d\n>e", {})) == [(0, "a"), (1, "b"), (2, "c"), (2, "d"), (1, "e")]


def test_lines_that_end_in_a_space_go_on_in_the_next() -> None:
    text = "One \ntwo \nthree.\n Four \n> quoted \n> more\n>> deep"
    assert list(flowed.lines(text, FLOWED)) == [(0, "One two three."), (0, "Four "), (1, "quoted more"), (2, "deep")]


def test_that_space_may_be_no_space() -> None:
    assert list(flowed.lines("super \ncali \nfragi", {**FLOWED, "delsp": "YES"})) == [(0, "supercalifragi")]


def test_a_signature_is_a_line_of_its_own() -> None:
    assert list(flowed.lines("Text \n-- \nJoe \nBrand", FLOWED)) == [(0, "Text "), (0, "-- "), (0, "Joe Brand")]


def test_what_does_not_say_so_is_not_joined() -> None:
    assert list(flowed.lines("One \ntwo", {"format": "fixed"})) == [(0, "One "), (0, "two")]


@given(st.text(alphabet="ab> \n-", max_size=80), st.booleans())
def test_no_word_is_lost_or_made(text: str, delsp: bool) -> None:
    found = "".join(words for _, words in flowed.lines(text, {**FLOWED, "delsp": "yes" if delsp else "no"}))
    assert found.replace(" ", "").replace(">", "") == text.replace("\n", "").replace(" ", "").replace(">", "")
