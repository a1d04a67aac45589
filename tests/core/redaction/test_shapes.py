"""The shapes refuse what no part of the room could use."""

from __future__ import annotations

import pytest

from civicmail.core.redaction.shapes import Document, Redaction, Word


def test_every_word_has_the_white_space_behind_it() -> None:
    with pytest.raises(ValueError, match="white space"):
        Document("text", (Word("Ann"), Word("Lee")), (" ",))


@pytest.mark.parametrize(("first", "last"), [(-1, -1), (3, 2)])
def test_a_redaction_covers_words_or_a_box(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="words or a box"):
        Redaction(1, "§19.36(10)(a)", first, last)
    assert Redaction(1, "§19.36(10)(a)", box=(0, 0, 10, 10)).box is not None
