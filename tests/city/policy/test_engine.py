"""Decisions: the same whichever rule stands first, never milder for one rule more, one for each copy, and nothing that facts say
breaks them."""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.policy.books import NOW, book, messages, recipients, starter, text_of
from civicmail.city.policy.dispositions import plain_facts, read_facts
from civicmail.city.policy.engine import decide
from civicmail.city.policy.facts import without_defaults
from civicmail.city.policy.rules import RANK, Decision, RuleSet

CHOICES = (
    text_of("r-refuse", "inbound && auth.spf == 'fail'", "inbound = true, auth.spf = 'fail'", do="refuse"),
    text_of("q-spam", "spam.band == 'spam'", "spam.band = 'spam'", do="quarantine"),
    text_of("q-high", "spam.band == 'spam'", "spam.band = 'spam'", do="quarantine", severity="high", reader="High."),
    text_of("h-own", "recipient.own", "recipient.own = true", do="hold"),
    text_of("e-out", "outbound && size(confidential.high) > 0", "outbound = true, confidential.high = ['ssn']", do="encrypt"),
    text_of("m-first", "sender.first", "sender.first = true", do="mark"),
    text_of("use-d", "'campaign' in use.categories", "use.categories = ['campaign']", do="deliver", review="use"),
    text_of("s-macro", "files.macros", "files.macros = true", do="refuse", mode="shadow"),
    text_of("n-macro", "files.macros", "files.macros = true", do="hold", mode="notify", review="security"),
    text_of("x-gone", "inbound", do="refuse", expires="2020-01-01"),
)
WHOLE = book(*CHOICES)


def one(facts: dict[str, Any], recipient: dict[str, Any] | None = None, of: RuleSet = WHOLE) -> Decision:
    (decision,) = decide(of, facts, [recipient or {}], NOW)
    return decision


@given(st.permutations(CHOICES), messages, recipients)
def test_the_order_of_rules_is_nothing(ordered: list[str], message: dict[str, Any], to: list[dict[str, Any]]) -> None:
    """Whatever order files and rules come in, the same is decided and the same rule speaks."""
    shuffled = book("".join(ordered))
    assert decide(shuffled, message, to, NOW) == decide(WHOLE, message, to, NOW)


@given(st.sets(st.sampled_from(CHOICES)), st.sampled_from(CHOICES), messages, recipients)
def test_a_rule_more_never_makes_it_milder(some: set[str], more: str, message: dict[str, Any], to: list[dict[str, Any]]) -> None:
    """P-29."""
    before = decide(book(*sorted(some)), message, to, NOW)
    after = decide(book(*sorted(some | {more})), message, to, NOW)
    for a, b in zip(before, after, strict=True):
        assert RANK[a.do] <= RANK[b.do]
        assert set(a.rules) <= set(b.rules)
        assert set(a.marks) <= set(b.marks)
        assert set(a.review) <= set(b.review)


@given(messages, recipients)
def test_each_copy_is_decided_by_itself(message: dict[str, Any], to: list[dict[str, Any]]) -> None:
    """What is decided of one recipient hangs on nobody beside."""
    assert decide(starter(), message, to, NOW) == tuple(decide(starter(), message, [r], NOW)[0] for r in to)


@given(messages, recipients)
def test_a_record_without_defaults_decides_the_same(message: dict[str, Any], to: list[dict[str, Any]]) -> None:
    """What is kept of facts is what differs from the defaults; read back it leads to the same."""
    assert decide(starter(), message, to, NOW) == decide(
        starter(), without_defaults(message), [without_defaults(r) for r in to], NOW
    )


junk = st.one_of(st.none(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2), st.booleans(), st.floats())


@given(
    st.dictionaries(st.one_of(st.text(max_size=4), st.sampled_from(["inbound", "spam.band", "files.types", "unavailable"])), junk)
)
def test_nothing_that_facts_say_breaks_a_decision(facts: dict[str, Any]) -> None:
    """Nonsense of a check is no answer; it never refuses and is never an error."""
    (decision,) = decide(starter(), facts, [{}], NOW)
    assert decision.do != "refuse"


@pytest.mark.rule(
    "P-29",
    "A decision does not depend on the order of rules and files, and an additional rule never makes it milder.",
)
def test_the_stricter_is_done_and_the_more_severe_speaks() -> None:
    """refuse > quarantine > hold > encrypt > mark > deliver."""
    everything = {"inbound": True, "auth.spf": "fail", "spam.band": "spam", "confidential.high": ("ssn",), "sender.first": True}
    copy = {"recipient.own": True, "outbound": True}
    order = []
    for rule in ("r-refuse", "q-high", "q-spam", "h-own", "e-out", "m-first"):
        left = tuple(r for r in WHOLE.rules if r.id not in order)
        found = one(everything, copy, dataclasses.replace(WHOLE, rules=left))
        assert (found.do, found.rules[0]) == (
            {"r": "refuse", "q": "quarantine", "h": "hold", "e": "encrypt", "m": "mark"}[rule[0]],
            rule,
        )
        order.append(rule)
    assert one(everything | {"auth.spf": "none"}, copy).words == "High."


def test_a_refusal_says_what_clause_and_whom_to_ask() -> None:
    """Promise 7."""
    found = one({"inbound": True, "auth.spf": "fail"})
    assert found.reply == "550 5.7.1 No. (P-02) Ask: the desk"
    assert (found.clause, found.ask, found.words, found.sender) == ("P-02", "the desk", "", "No.")
    assert one({"sender.first": True}).reply == ""


@pytest.mark.rule("P-29", "A rule in shadow or in notice changes nothing about a copy.")
def test_shadow_and_notify_are_told_and_nothing_is_done() -> None:
    """A rule that is not enforced changes nothing about a copy; only one that notifies asks for a review."""
    found = one({"files.macros": True})
    assert (found.do, found.marks, found.reply) == ("deliver", (), "")
    assert set(found.rules) == {"shadow:s-macro", "notify:n-macro"}
    assert found.review == ("security",)
    assert found.again is False


def test_a_shadow_that_cannot_tell_holds_nothing_up() -> None:
    """P-29."""
    shadow = book(text_of("s", "size(malware.found) > 0", "malware.found = ['x']", do="quarantine", mode="shadow"))
    assert one({"inbound": True, "unavailable": ("clamav",)}, of=shadow) == Decision("deliver")


@pytest.mark.rule("P-29", "A rule does not act after its last day.")
def test_an_expired_rule_does_not_act_and_is_listed() -> None:
    """The day that is named is its last."""
    assert "x-gone" not in one({"inbound": True}).rules
    assert [rule.id for rule in WHOLE.expired(NOW)] == ["x-gone"]
    last = 1_577_836_800_000 + 86_400_000  # 2020-01-02T00:00Z
    assert decide(WHOLE, {"inbound": True}, [{}], last - 1)[0].do == "refuse"
    assert decide(WHOLE, {"inbound": True}, [{}], last)[0].do == "deliver"


def test_use_that_is_exempt_is_never_reviewed() -> None:
    """Privileged, union, medical, constituent, election and reporter mail enters no queue, whatever a rule says."""
    assert one({"use.categories": ("campaign",)}).review == ("use",)
    assert one({"use.categories": ("campaign",), "use.exempt": True}).review == ()


@pytest.mark.parametrize(
    ("name", "value"), [("spam.band", 3), ("spam.band", True), ("sender.first", 1), ("confidential.high", "ssn")]
)
def test_a_check_that_says_nonsense_has_said_nothing(name: str, value: Any) -> None:
    """A fact of another type is as if its check could not be made."""
    found = one({"inbound": True, name: value}, {"outbound": True})
    assert found.again
    assert found.do in ("pending", "mark")


@pytest.mark.rule(
    "P-02, promise 6",
    "An error in a rule, an invalid check result and an unreadable rule set follow the failure policy, and neither reject "
    "nor deliver.",
)
def test_a_rule_that_errs_follows_the_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """It neither refuses nor lets pass, and never raises."""

    def broken(_scope: object) -> bool:
        raise ZeroDivisionError

    rule = dataclasses.replace(WHOLE.rules[0], condition=dataclasses.replace(WHOLE.rules[0].condition, holds=broken))
    found = one({"inbound": True}, of=dataclasses.replace(WHOLE, rules=(rule,)))
    assert (found.do, found.parts, found.again) == ("pending", ("policy",), True)


@given(messages, recipients)
def test_a_replay_of_what_is_kept_decides_as_it_was_decided(message: dict[str, Any], to: list[dict[str, Any]]) -> None:
    """P-29. Written into a head and read back, without defaults, the facts lead to what they led to live."""
    kept = [orjson.loads(orjson.dumps(plain_facts(without_defaults(facts)))) for facts in (message, *to)]
    read = [read_facts(plain) for plain in kept]
    assert decide(starter(), read[0], read[1:], NOW) == decide(starter(), message, to, NOW)
