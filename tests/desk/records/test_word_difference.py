"""Two documents compared word by word: nothing of either is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.redaction.shapes import Document, Word
from civicmail.desk.records.word_difference import difference

WORDS = st.lists(st.sampled_from(["the", "list", "of", "lead", "lines"]), max_size=30)


def document(words: list[str]) -> Document:
    return Document("text", tuple(Word(word) for word in words), (" ",) * len(words))


@given(WORDS, WORDS)
def test_both_documents_can_be_read_out_of_their_difference(old: list[str], new: list[str]) -> None:
    runs = list(difference(document(old), document(new)))
    assert "".join(run.text for run in runs if run.kind != "new").split() == old
    assert "".join(run.text for run in runs if run.kind != "gone").split() == new


def test_equal_documents_are_one_run() -> None:
    (run,) = difference(document(["lead", "lines"]), document(["lead", "lines"]))
    assert (run.kind, run.text) == ("same", "lead lines ")
