"""Whom a record makes a sender of: who signed in, or whom a peer with a scope has asserted, and nobody else (P-12, P-14)."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.desk.holding.asked import sent


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
