"""Which checks no rule asks for of mail from outside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from city.policy.books import starter
from civicmail.city.policy.cel.condition import condition
from civicmail.city.policy.needed_checks import is_needed_for_inbound


def test_the_starter_pack_asks_for_nothing_confidential_of_mail_from_outside() -> None:
    """P-01, P-19."""
    assert not is_needed_for_inbound(starter(), "confidential")
    assert is_needed_for_inbound(starter(), "files")


@pytest.mark.rule(
    "P-01, P-19",
    "Mail from outside skips the detectors for outgoing mail, unless a rule in force may use their facts.",
)
@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("inbound && confidential.count > 3", True),
        ("confidential.count > 3", True),
        ("!inbound && outbound && confidential.count > 3", False),
        ("outbound && (!inbound && confidential.count > 3)", False),
        ("!inbound && outbound || confidential.count > 3", True),
        ("!(inbound && confidential.count > 3)", True),
        ("inbound && links.data", False),
    ],
)
def test_a_rule_that_may_ask_is_one_that_does(when: str, wanted: bool) -> None:
    book = starter()
    rule = replace(book.rules[0], when=when, unless="", condition=condition(when))
    assert is_needed_for_inbound(replace(book, rules=(rule,)), "confidential") is wanted
