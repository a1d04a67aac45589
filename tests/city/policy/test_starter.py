"""The starter pack: every clause that it serves, and what is held out of the box."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from city.policy.books import NOW, starter
from civicmail.city.policy.engine import decide
from civicmail.city.policy.example_coverage import uncovered_parts
from civicmail.city.policy.facts import FACTS
from civicmail.city.policy.rules import Decision

RULES = {rule.id: rule for rule in starter().rules}
HARD = {"malware-found", "executable", "beyond-limits", "disguised-link", "own-domain-outside", "disguised-sender",
        "dmarc-reject", "dmarc-sealed",
        "dmarc-quarantine", "several-authors", "staff-lookalike", "spam-band", "spam-again", "forwarded-out",
        "confidential-many", "file-waits"}  # fmt: skip
"""The rules that keep mail back out of the box."""


def one(message: dict[str, Any], recipient: dict[str, Any] | None = None) -> Decision:
    return decide(starter(), message, [recipient or {}], NOW)[0]


@pytest.mark.parametrize("id_", sorted(RULES))
def test_each_part_of_each_condition_is_missed_when_it_is_gone(id_: str) -> None:
    """An example of the rule comes out differently without it: nobody can take a part out and find the examples green."""
    assert uncovered_parts(RULES[id_]) == ()


def test_the_clauses_that_it_serves() -> None:
    """P-02, P-11, P-19, P-25."""
    assert {rule.clause for rule in RULES.values()} == {
        "P-02", "P-10", "P-11", "P-12", "P-13", "P-19", "P-22", "P-25", "P-26", "P-27", "P-31"
    }  # fmt: skip


@pytest.mark.rule(
    "P-02, P-11, P-19, P-25, P-26",
    "Mail is kept out of the mailbox only on hard evidence, rule by rule according to docs/decisions.",
)
def test_what_keeps_mail_back_is_hard_evidence_and_a_list_that_somebody_decided() -> None:
    """Whoever adds a rule that holds out of the box changes this list, and docs/decisions says why."""
    kept = {rule.id for rule in RULES.values() if rule.mode == "enforce" and rule.do in ("refuse", "quarantine", "hold")}
    assert kept == HARD
    assert {rule.id for rule in RULES.values() if rule.do == "refuse"} == {"own-domain-outside", "dmarc-reject"}
    assert {rule.id for rule in RULES.values() if rule.do == "encrypt" and rule.mode == "enforce"} == {
        "confidential-out",
        "confidential-unread",
        "confidential-health",
    }, "P-19"


def test_topics_ask_a_person_and_do_nothing_else() -> None:
    """P-12, P-13, P-30."""
    for rule in RULES.values():
        if any(name.startswith("use.") for name in rule.condition.names):
            assert (rule.do, rule.review, "use.exempt" in rule.unless) == ("deliver", "use", True)
    found = one(
        {"source": "submission", "sender.kind": "contractor", "use.bulk": True, "use.categories": ("campaign",)}, {"outbound": True}
    )
    assert (found.do, found.review, found.marks) == ("deliver", ("use",), ())


def test_ordinary_mail_flows_out_of_the_box() -> None:
    """With no check at all, and with checks that find nothing."""
    quiet = {"auth.spf": "pass", "auth.dkim": "pass", "auth.dmarc": "pass", "spam.band": "ham", "files.types": ("pdf",)}
    for facts, checks in product(({"inbound": True}, {"source": "submission", "sender.kind": "employee"}), ({}, quiet)):
        for recipient in ({"recipient.inside": True}, {"outbound": True}, {"outbound": True, "recipient.consumer": True}):
            assert one(facts | checks, recipient) == Decision("deliver")


def test_a_strangers_first_message_is_never_refused_on_its_look() -> None:
    """P-02. Whatever the scores are."""
    for band, score, reported, others in product(("none", "ham", "unsure", "spam"), (0, 990, 1000), (False, True), (0, 1000)):
        looks = {"spam.band": band, "spam.score": score, "spam.reported": reported, "spam.others": others}
        found = one({"inbound": True, "sender.first": True, "auth.dmarc": "fail", "auth.spf": "fail"} | looks)
        assert found.do in ("mark", "quarantine")


@pytest.mark.parametrize(
    ("clause", "facts", "copy", "do", "rule"),
    [
        ("P-02", {"inbound": True, "spam.band": "spam"}, {}, "quarantine", "spam-band"),
        ("P-11", {"source": "relay", "message.forwarded": True}, {"outbound": True}, "quarantine", "forwarded-out"),
        ("P-11", {"source": "submission"}, {"outbound": True, "recipient.own": True}, "deliver", "notify:own-account"),
        ("P-19", {"confidential.high": ("ssn",), "confidential.count": 12}, {"outbound": True}, "hold", "confidential-many"),
        ("P-19", {"confidential.high": ("ssn",), "confidential.count": 1}, {"outbound": True}, "encrypt",
         "confidential-out"),
        ("P-19", {"confidential.medium": ("health",)}, {"outbound": True}, "encrypt", "confidential-health"),
        ("P-19", {"confidential.unread": True}, {"outbound": True}, "encrypt", "confidential-unread"),
        ("P-22", {"files.leaving": ("aa",)}, {"outbound": True}, "deliver", "shadow:file-leaves"),
        ("P-22", {"files.leaving": ("aa",), "sender.approval": True}, {"outbound": True}, "hold", "file-waits"),
        ("P-25", {"malware.found": ("Eicar",)}, {}, "quarantine", "malware-found"),
        ("P-25", {"inbound": True, "files.unread": True}, {}, "mark", "unread-file"),
        ("P-26", {"inbound": True, "auth.own_domain": True}, {}, "refuse", "own-domain-outside"),
        ("P-26", {"inbound": True, "auth.dmarc": "fail", "auth.dmarc_policy": "reject"}, {}, "refuse", "dmarc-reject"),
        ("P-26", {"inbound": True, "auth.dmarc": "fail", "auth.dmarc_policy": "reject", "auth.vouched": True}, {}, "quarantine",
         "dmarc-sealed"),
        ("P-27", {"inbound": True, "sender.first": True}, {}, "mark", "first-contact"),
        ("P-31", {"inbound": True, "links.deceptive": True, "links.lookalike": True}, {}, "quarantine", "disguised-link"),
    ],
)  # fmt: skip
def test_what_is_done_clause_by_clause(clause: str, facts: dict[str, Any], copy: dict[str, Any], do: str, rule: str) -> None:
    """P-02, P-11, P-19, P-25."""
    found = one(facts, copy)
    assert found.do == do
    assert rule in found.rules
    assert RULES[rule.partition(":")[2] or rule].clause == clause


@pytest.mark.rule("P-29, P-06", "Each recipient is decided alone: a held copy does not hold another.")
def test_a_copy_that_stays_inside_is_not_held_for_one_that_leaves() -> None:
    """One message, three recipients, three decisions."""
    facts = {"source": "submission", "confidential.high": ("ssn",), "confidential.count": 12}
    found = decide(starter(), facts, [{"recipient.inside": True}, {"outbound": True}, {"recipient.inside": True}], NOW)
    assert [d.do for d in found] == ["deliver", "hold", "deliver"]


def test_the_city_in_its_own_name_from_outside_is_refused_in_plain_words() -> None:
    """Promise 7."""
    said = one({"inbound": True, "auth.own_domain": True}).reply
    assert said.startswith("550 5.7.1 Mail in the name of this city's own domain")
    assert said.endswith("(P-26) Ask: postmaster")


def test_every_fact_of_a_check_is_asked_about_or_only_told() -> None:
    """What checks find and no rule asks about is listed here, so that a new fact is not forgotten."""
    asked = {name for rule in RULES.values() for name in rule.condition.names}
    told = {"auth.spf", "auth.dkim", "auth.dkim_domains", "auth.arc", "spam.score", "files.types", "links.count", "links.hosts",
            "files.count", "files.sha256", "links.places", "recipient.consumer"}  # fmt: skip
    assert {name for name, fact in FACTS.items() if fact.check} - asked == told - asked
