"""The rules before all others (P-06, P-23): no rule acts on mail of a department that is not live."""

from __future__ import annotations

import pytest

from civicmail.city.policy import rule_keys
from civicmail.city.policy.delivery import dispositions
from civicmail.city.policy.rules import RESERVED_IDS
from civicmail.mail.pipeline import recipient_expansion
from civicmail.mail.pipeline.policy_decision import ONE_ANSWER


@pytest.mark.parametrize(
    ("mode", "source", "do", "rules"),
    [
        ("live", "mx", "deliver", ("deliver",)),
        (None, "relay", "deliver", ("deliver",)),
        ("elsewhere", "mx", "deliver", ("pass-elsewhere",)),
        ("observe", "mx", "deliver", ("pass-elsewhere", "forecast:deliver")),
        ("observe", "journal", "kept", ("keep-copy", "forecast:deliver")),
        ("elsewhere", "journal", "kept", ("keep-copy",)),
        ("live", "journal", "kept", ("keep-copy",)),
        ("observe", "import", "kept", ("keep-copy",)),
    ],
)
def test_what_a_mode_means(mode, source, do, rules):
    assert [(d.to, d.do, d.rules) for d in dispositions([mode, mode], source)] == [(0, do, rules), (1, do, rules)]


def test_no_rule_of_a_book_is_called_what_is_done_before_all_rules() -> None:
    """P-29: a record says which of both it was."""
    named = {rule for mode in ("live", "observe", "elsewhere", None) for source in ("mx", "import", "journal") for d in
             dispositions([mode], source) for rule in d.rules if ":" not in rule}  # fmt: skip
    assert (
        named
        | {
            rule_keys.ACCESS_HELD,
            rule_keys.ACCESS_CLOSED,
            rule_keys.LISTED,
            rule_keys.SAME_MAILBOX,
            recipient_expansion.LEFT_OUT,
            ONE_ANSWER,
        }
        <= RESERVED_IDS
    )
