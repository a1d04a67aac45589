"""Detectors suggest with a measured precision and recall, which the program publishes (R21)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from civicmail.core.redaction.shapes import Document, Word
from civicmail.desk.records.detectors import DETECTORS, MEASURED, detect, is_card, is_social_security_number, is_telephone

LABELLED: dict[str, list[str]] = tomllib.loads((Path(__file__).parent / "labelled.toml").read_text())


def document(text: str) -> Document:
    """Words as core/redaction divides them: signs around a word are words of their own."""
    words: list[str] = []
    gaps: list[str] = []
    for token in re.findall(r"\S+", text):
        match = re.fullmatch(r"([(\[{<\"']*)(.*?)([)\]}>\"',;:!?.]*)", token)
        assert match is not None
        parts = [part for part in match.groups() if part]
        words += parts
        gaps += [""] * (len(parts) - 1) + [" "]
    return Document("text", tuple(Word(word) for word in words), tuple(gaps))


def measured() -> dict[str, tuple[int, int, int]]:
    """Detector -> right, wrong, missed."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in DETECTORS}
    for about, sentences in LABELLED.items():
        for sentence in sentences:
            plain = re.sub(r"\[\[|\]\]", "", sentence)
            labels = [re.sub(r"\W", "", label) for label in re.findall(r"\[\[(.+?)\]\]", sentence)]
            read = document(plain)
            for found in detect(read):
                text = re.sub(r"\W", "", "".join(w.text for w in read.words[found.first : found.last + 1]))
                is_right = found.detector == about and text in labels
                counts[found.detector]["right" if is_right else "wrong"] += 1
                if is_right:
                    labels.remove(text)
            counts[about]["missed"] += len(labels)
    return {name: (count["right"], count["wrong"], count["missed"]) for name, count in counts.items()}


@pytest.mark.rule("P-21", "How often each detector of personal data is right, wrong or blind is measured on a labelled set.")
def test_r21_what_is_published_is_what_is_measured() -> None:
    assert measured() == dict(MEASURED)


def test_r21_the_set_has_what_each_detector_must_not_find() -> None:
    assert LABELLED.keys() == DETECTORS.keys()
    for sentences in LABELLED.values():
        assert sum("[[" in s for s in sentences) >= 4 and sum("[[" not in s for s in sentences) >= 2


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (is_card, "4111 1111 1111 1111", "4111 1111 1111 1112"),
        (is_card, "378282246310005", "0000 0000 0000 0000"),
        (is_social_security_number, "219-09-9999", "666-12-3456"),
        (is_social_security_number, "078 05 1120", "219-00-1234"),
        (is_telephone, "+1 (414) 555-0142", "114-555-0142"),
        (is_telephone, "414-555-0142", "414-155-0142"),
    ],
)
def test_r21_check_digits_and_ranges(check: object, right: str, wrong: str) -> None:
    assert callable(check)
    assert check(right) and not check(wrong)


def test_a_number_is_found_once_and_by_its_words() -> None:
    read = document("pay 4111 1111 1111 1111 or call (414) 555-0142, please")
    assert [(d.detector, d.first, d.last) for d in detect(read)] == [("card", 1, 4), ("phone", 7, 10)]
    assert detect(read, 5)[0].detector == "phone"
