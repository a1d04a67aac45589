"""Which words survive, and where labels stand."""

from __future__ import annotations

import pytest

from civicmail.core.redaction.shapes import Document, Redaction, Word
from civicmail.core.redaction.surviving import pieces, survivors
from core.redaction.reading import document, over


def _line(*redactions: Redaction, text: str = "a b c d e") -> str:
    return "".join(piece.text + piece.gap for piece in pieces(document(text), redactions)).replace(" · REDACTED §19.36(10)(a)", "")


def test_a_label_stands_for_the_words_of_a_redaction() -> None:
    assert _line(over(1, 3)) == "a [1] e "


def test_the_white_space_inside_of_a_redaction_is_gone_and_that_behind_it_stays() -> None:
    assert _line(over(1, 3), text="a b\n\nc d\ne") == "a [1]\ne "


def test_neighbors_and_overlaps_have_a_label_each() -> None:
    assert _line(over(1, number=1), over(2, number=2)) == "a [1] [2] d e "
    assert _line(over(1, 3, number=1), over(2, 4, number=2)) == "a [1] [2] "
    assert _line(over(1, 3, number=2), over(1, 1, number=1)) == "a [1] [2] e "


def test_a_box_covers_each_word_that_it_touches() -> None:
    words = (Word("Ann", 0, (0, 0, 20, 10)), Word("Lee", 0, (25, 0, 40, 10)), Word("here", 1, (0, 0, 20, 10)))
    pages = Document("pages", words, (" ", " ", " "), ((100, 100), (100, 100)))
    assert [w.text for _, w in survivors(pages, [Redaction(1, "c", page=0, box=(19, 5, 24, 6))])] == ["Lee", "here"]


def test_words_and_boxes_that_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="does not have"):
        pieces(document("a b"), [over(1, 2)])
    with pytest.raises(ValueError, match="no boxes"):
        pieces(document("a b"), [Redaction(1, "c", box=(0, 0, 1, 1))])
