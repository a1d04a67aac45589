"""The glossary (docs/words.md) is in order and true, and names keep to it."""

from __future__ import annotations

import re

from house.sources import PACKAGE, ROOT

PAGE = (ROOT / "docs" / "words.md").read_text()
TERMS = re.findall(r"(?m)^\| (?!term |---)(.+?) \| (.+?) \| `(\w+/\w+)` \|$", PAGE)
RETIRED = re.findall(r"`(\w+)`", PAGE.partition("## Retired words")[2].partition("600 times")[2])
PARTICIPLES = frozenset(RETIRED[:5])
MAX_PARTICIPLES = 600


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def test_the_glossary_is_in_alphabetical_order_and_has_each_term_once() -> None:
    terms = [term.lower() for term, _, _ in TERMS]
    assert terms == sorted(set(terms))
    assert len(terms) >= 100


def test_each_term_lives_in_a_room_that_exists() -> None:
    for term, _, room in TERMS:
        assert (PACKAGE / room / "__init__.py").is_file(), f"{term}: there is no room {room}"
