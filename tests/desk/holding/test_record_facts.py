"""Whom a record makes a sender of: who signed in, or whom a peer with a scope has asserted, and nobody else (P-12, P-14)."""

from __future__ import annotations

from typing import Any

import pytest

from civicmail.city.policy import rule_keys, rule_parser
from civicmail.desk.holding.actions import approval_requests
from civicmail.desk.holding.record_facts import CopyDecision, Forwarding, rule_notices, sent_by_anyone, sent_by_person


def head(source: str, login: str = "", *findings: tuple[str, str], **facts: Any) -> dict[str, Any]:
    envelope = {"login": login, "from": "Ann@city.example"}
    seen = [{"check": check, "code": code} for check, code in findings]
    return {"id": "x", "received": 7, "source": {"kind": source}, "envelope": envelope, "facts": facts, "findings": seen}


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (head("submission", "p-ann/phone"), "p-ann"),
        (head("relay", "", ("sender", "asserted")), "ann@city.example"),
        (head("relay", "", ("sender", "asserted"), **{"sender.machine": True}), "ann@city.example"),
        (head("relay"), None),
        (head("submission", "p-ann", **{"sender.machine": True}), None),
        (head("mx"), None),
        (head("import"), None),
        (head("submission", "p-ann", inbound=True), None),
        (head("submission", "service:printer"), None),
    ],
)
def test_nobody_becomes_a_sender_by_an_address_that_anybody_could_write(said: dict[str, Any], subject: str | None) -> None:
    found = sent_by_person(said)
    assert (found.subject if found else None) == subject


def test_somebody_answers_for_what_a_machine_sends_that_no_rule_on_use_is_about() -> None:
    """P-14, P-22: its mailbox is named, and files of it that wait are asked about; not for what comes by another door."""
    said = head("submission", "service:printer@city.example/hall", **{"sender.department": "works"})
    found = sent_by_anyone(said)
    assert sent_by_person(said) is None and found is not None and (found.subject, found.capture) == ("printer@city.example", "x")
    assert sent_by_anyone(head("mx", "service:printer@city.example")) is sent_by_anyone(head("relay")) is None
    said["dispositions"], said["envelope"]["to"] = (
        [{"to": 0, "do": "hold", "rules": [rule_keys.FILE_WAITS]}],
        [{"a": "pat@out.example"}],
    )
    seen = approval_requests.pending_files(said, is_receipt=True)
    assert seen is not None and (seen.subject, seen.department) == ("printer@city.example", "works")


@pytest.mark.rule(
    "P-14, promise 7",
    "The author of mail by a relay is notified if the peer asserted them, also about an auto-reply.",
)
def test_an_automatic_reply_is_its_authors() -> None:
    """It has no return address (RFC 3834 3.3); the peer has asserted From."""
    said = head("relay", "", ("sender", "asserted"), **{"from.address": "ann@city.example", "sender.machine": True})
    said["envelope"]["from"] = ""
    found = sent_by_person(said)
    assert found is not None and found.subject == "ann@city.example"


@pytest.mark.rule("P-11", "The owner of a mailbox rule is determined by later checks, too.")
def test_whose_rule_it_was_is_known_from_checks_that_were_made_later() -> None:
    """A message that waited for its checks has nothing of it in its receipt."""
    said = head("relay", **{"sender.machine": True})
    assert sent_by_person(said) is None
    later = [{"check": "webmail", "code": "forwarded"}, {"check": "webmail", "code": "forwarder", "mask": "ann@city.example"}]
    found = sent_by_person(said, later)
    assert found is not None and found.forwarding == Forwarding("ann@city.example")


@pytest.mark.rule("P-22, promise 7", "A sender of more files than can be listed is told immediately to send several messages.")
def test_whoever_sends_more_files_than_can_be_listed_hears_what_to_do() -> None:
    """Nobody who looks at it can let it go, so nobody is to wait for that."""
    book = rule_parser.parse_rule_set([])
    (told,) = rule_notices([CopyDecision("hold", ("unavailable:leaving",), 1)], book)
    assert told.held and told.words.endswith("If it has more than 100 files, it stays: send them in several messages.")
    (other,) = rule_notices([CopyDecision("hold", ("unavailable:clamav",), 1)], book)
    assert "until somebody has looked at it" in other.words and "files" not in other.words
