"""A part of a condition that no example needs is named, so that examples are worth their name."""

from __future__ import annotations

import pytest

from city.policy.books import book, text_of
from civicmail.city.policy.example_coverage import uncovered_parts


@pytest.mark.parametrize(
    ("when", "unless", "fits", "spares", "loose"),
    [
        ("inbound", "", "inbound = true", "inbound = false", ()),
        ("inbound && sender.first", "", "inbound = true, sender.first = true", "sender.first = true", ("sender.first",)),
        ("inbound && (sender.first || files.form)", "", "inbound = true, sender.first = true", "sender.first = true",
         ("sender.first || files.form", "files.form")),
        ("inbound", "sender.known", "inbound = true", "inbound = true, sender.known = true", ()),
        ("inbound", "sender.known", "inbound = true", "inbound = false", ("unless sender.known",)),
        ("!(inbound || files.form)", "", "files.count = 1", "inbound = true", ("files.form",)),
    ],
)  # fmt: skip
def test_what_no_example_needs(when: str, unless: str, fits: str, spares: str, loose: tuple[str, ...]) -> None:
    more = {"unless": unless} if unless else {}
    (rule,) = book(text_of(when=when, fits=fits, spares=spares, **more)).rules
    assert uncovered_parts(rule) == loose
