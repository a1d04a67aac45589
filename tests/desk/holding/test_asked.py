"""Whom a record makes a sender of: who signed in, or whom a peer with a scope has asserted, and nobody else (P-12, P-14)."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.policy import reading
from civicmail.desk.holding.asked import Said, for_sender, sent


def head(source: str, login: str = "", *findings: tuple[str, str], **facts: Any) -> dict[str, Any]:
    envelope = {"login": login, "from": "Ann@city.example"}
    seen = [{"check": check, "code": code} for check, code in findings]
    return {"id": "x", "received": 7, "source": {"kind": source}, "envelope": envelope, "facts": facts, "findings": seen}


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (head("submission", "p-ann/phone"), "p-ann"),
        (head("relay", "", ("sender", "asserted")), "ann@city.example"),
        (head("relay"), None),
        (head("mx"), None),
        (head("import"), None),
        (head("submission", "p-ann", inbound=True), None),
        (head("submission", "service:printer"), None),
    ],
)
def test_nobody_becomes_a_sender_by_an_address_that_anybody_could_write(said: dict[str, Any], subject: str | None) -> None:
    found = sent(said)
    assert (found.subject if found else None) == subject


def test_whoever_sends_more_files_than_can_be_listed_hears_what_to_do() -> None:
    """R-1068: nobody who looks at it can let it go, so nobody is to wait for that."""
    book = reading.book([])
    (told,) = for_sender([Said("hold", ("unavailable:leaving",), 1)], book)
    assert told.held and told.words.endswith("If it has more than 100 files, it stays: send them in several messages.")
    (other,) = for_sender([Said("hold", ("unavailable:clamav",), 1)], book)
    assert "until somebody has looked at it" in other.words and "files" not in other.words
