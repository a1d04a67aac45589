"""The glossary (docs/words.md) is in order and true, and names keep to it."""

from __future__ import annotations

import io
import re
import tokenize

import pytest

from house.sources import PACKAGE, ROOT, modules

PAGE = (ROOT / "docs" / "words.md").read_text()
TERMS = re.findall(r"(?m)^\| (?!term |---)(.+?) \| (.+?) \| `(\w+/\w+)` \|$", PAGE)
RETIRED = re.findall(r"`(\w+)`", PAGE.partition("## Retired words")[2].partition("600 times")[2])
PARTICIPLES = frozenset(RETIRED[:5])
MAX_PARTICIPLES = 600

STORED_DUTY = {
    "city/guard/models/entries.py", "city/identity/acts/roles.py", "city/identity/queries/history.py",
    "city/identity/views/entries.py", "desk/oversight/queries/evidence_pack.py", "desk/oversight/queries/rules.py",
    "desk/oversight/views/content_views_page.py",
    "desk/workbench/views/overview.py", "front/web/api/operations/entries.py", "front/web/api/operations/mandates.py",
    "front/web/api/operations/me.py", "front/web/api/operations/protections.py", "front/web/api/operations/roles.py",
    "front/worker/ocsf.py", "front/worker/siem_events.py",
}  # fmt: skip
"""Modules with a name `duty`: it is the key of an entry, a property of the API or a field of a form."""


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def test_the_glossary_is_in_alphabetical_order_and_has_each_term_once() -> None:
    terms = [term.lower() for term, _, _ in TERMS]
    assert terms == sorted(set(terms))
    assert len(terms) >= 100


def test_each_term_lives_in_a_room_that_exists() -> None:
    for term, _, room in TERMS:
        assert (PACKAGE / room / "__init__.py").is_file(), f"{term}: there is no room {room}"


@pytest.mark.rule("house", "No module is named by a word that the glossary lists as retired.")
def test_no_module_is_named_by_a_retired_word() -> None:
    named = [path for path in modules("src") if set(_words(path.stem)) & set(RETIRED) and path.parent.name != "migrations"]
    assert [str(path.relative_to(PACKAGE)) for path in named] == []


@pytest.mark.rule("house", "Names state their content: found, said, told, asked and wanted are almost gone.")
def test_the_words_that_say_nothing_are_almost_gone_from_names() -> None:
    count = 0
    for path in modules("src"):
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
            count += token.type == tokenize.NAME and bool(PARTICIPLES & set(_words(token.string)))
    assert count <= MAX_PARTICIPLES


@pytest.mark.rule("house", "Names use role; duty remains in stored names and those called by programs.")
def test_duty_is_a_name_only_where_it_is_stored() -> None:
    named = set()
    for path in modules("src"):
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if any(token.type == tokenize.NAME and "duty" in _words(token.string) for token in tokens):
            named.add(str(path.relative_to(PACKAGE)))
    assert named - STORED_DUTY == set()
