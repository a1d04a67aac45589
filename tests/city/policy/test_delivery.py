"""The rules before all others (P-06, P-23): no rule acts on mail of a department that is not live."""

from __future__ import annotations

import pytest

from civicmail.city.policy.delivery import dispositions


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
