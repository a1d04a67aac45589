"""Heads are found by what they say, without being decoded."""

from __future__ import annotations

import pytest

from civicmail.core.ledger.heads import CERTIFICATES, RECEIPTS, HeadMatcher, canonical, member, prefix, text

DISPOSITIONS = [{"do": "hold", "rules": ["unavailable:clamd", "file-waits"]}]
HEAD = canonical({"type": "receipt", "dispositions": DISPOSITIONS, "entry": {"x": 1}})
ENTRY = member("entry") + b"{"


@pytest.mark.parametrize(
    "part",
    [text("file-waits"), member("do", "hold"), member("rules"), prefix("unavailable:"), ENTRY, prefix("ho", "do")],
)
def test_a_head_is_found_by_each_part_of_it(part: bytes) -> None:
    assert HeadMatcher(part).matches(HEAD) and HeadMatcher(b"nowhere", part).matches(HEAD)
    assert (HeadMatcher(b"nowhere") | HeadMatcher(part)).matches(HEAD)


@pytest.mark.parametrize("part", [text("file"), text("waits"), member("do", "deliver"), prefix("waits"), member("held")])
def test_a_head_is_not_found_by_what_it_only_contains_a_part_of(part: bytes) -> None:
    assert not HeadMatcher(part).matches(HEAD)


def test_the_type_is_that_of_the_head_and_strangers_cannot_write_it() -> None:
    assert RECEIPTS.matches(HEAD) and not CERTIFICATES.matches(HEAD)
    subject = canonical({"type": "receipt", "subject": '"type":"disposed"', "from": 'é\\"file-waits"'})
    assert not CERTIFICATES.matches(subject) and not HeadMatcher(text("file-waits")).matches(subject)
