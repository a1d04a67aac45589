"""Forbidden strings are found as they may be written, and other words are not."""

from __future__ import annotations

from civicmail.core.redaction import leaks
from core.redaction.pdfs import NUMBER, SECRET


def test_r22_a_short_string_must_be_a_word() -> None:
    forbidden = leaks.ForbiddenStrings(["Lane", "4711"])
    assert forbidden.find("The plane lands, 147112 times.") == []
    assert forbidden.find("Miss Lane lives at 4711.") == ["xxxx", "####"]
    assert leaks.ForbiddenStrings(["Lee", "47"]).find("Lee is 47.") == []


def test_r22_a_part_of_a_redacted_passage_in_another_copy_is_found() -> None:
    passage = "She told the committee that the old bridge was closed because its deck had cracks on both sides."
    forbidden = leaks.ForbiddenStrings([passage])
    assert len(forbidden.find("> the old bridge was closed because its deck\n> had cracks")) == 1
    assert forbidden.find("The old bridge was closed. Its deck had cracks.") == []


def test_r22_signs_that_ocr_confuses_are_one() -> None:
    forbidden = leaks.ForbiddenStrings([SECRET, NUMBER])
    assert forbidden.find_in_ocr("Abendr0th, O7B-O5-II2O") == ["xxxxxxxxx", "###-##-####"]
    assert forbidden.find("Abendr0th") == []
