"""What nothing that is released may have."""

from __future__ import annotations

from civicmail.core.redaction.forbidden import forbidden_strings
from core.redaction.reading import document, over


def test_r22_a_redacted_name_is_forbidden_whole_and_by_its_words() -> None:
    assert forbidden_strings(document("from Wilhelmina Abendroth, here"), [over(1, 2)]) == {
        "wilhelmina abendroth", "wilhelmina", "abendroth",
    }  # fmt: skip


def test_a_redacted_number_is_forbidden_however_it_is_written() -> None:
    assert {"078-05-1120", "078051120"} <= forbidden_strings(document("SSN 078-05-1120 ok"), [over(1)])


def test_a_word_that_is_divided_is_forbidden_undivided() -> None:
    assert "abendroth" in forbidden_strings(document("Abend- roth"), [over(0, 1)])


def test_of_a_sentence_only_the_telling_words_are_forbidden_alone() -> None:
    strings = forbidden_strings(document("Please call mother Wilhelmina at 414-555-0101 before the meeting."), [over(0, 8)])
    assert {"wilhelmina", "414-555-0101", "4145550101"} <= strings
    assert not strings & {"please", "call", "before", "meeting"}


def test_short_words_and_what_is_not_redacted_are_allowed() -> None:
    assert forbidden_strings(document("of Ann and Bob"), [over(1)]) == frozenset()
    assert forbidden_strings(document("Wilhelmina"), []) == frozenset()
