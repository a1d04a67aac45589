"""Pages meet every state: the town that they are swept with has something in each, of rows and of mail (issue 17).

Until then a page was only seen with what somebody had thought of, and one ended with 500 when mail waited for a person because a
check had not answered.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from django.apps import apps
from django.db.models import CharField

from civicmail.city.guard.state_table import StateTable
from civicmail.city.pages.states import key_of, label
from civicmail.city.policy.dispositions import Action
from civicmail.city.policy.rule_keys import PENDING_TOO_LONG, UNAVAILABLE
from civicmail.desk.viewer.mail_states import COPIES, MESSAGES
from civicmail.mail.archive.envelopes import State, Status
from house.test_state_tables import TABLES
from pages import everystate
from pages.everymail import outstanding, passages
from pages.everystate import SHOWN, STATES, missing
from pages.world import Town

pytestmark = pytest.mark.django_db
COLUMNS = ("state", "ratified")
"""How columns are named that hold a state."""


@pytest.mark.rule("promise 7", "Every state table, and every column with one, is in the test data of the page sweep.")
def test_every_table_and_every_column_with_a_state_is_known_to_the_town() -> None:
    """Whoever writes a table, or a column, fails here until the town has all of it."""
    models = [m for m in apps.get_models() if m.__module__.startswith("civicmail.")]
    columns = {(m, f.name) for m in models for f in m._meta.get_fields() if isinstance(f, CharField) and f.name in COLUMNS}
    assert columns - STATES.keys() == set()
    assert set(TABLES) - _used() == set()


NOT_SHOWN = {("ReviewRow", "answer"), ("Release", "kind")}
"""Columns of everystate.STATES that hold no state."""


@pytest.mark.rule("house", "Each state of each table and column is shown by one row of the table of words.")
def test_every_state_is_shown_by_one_row_of_the_table_of_words() -> None:
    columns = {column for column in STATES if (column[0].__name__, column[1]) not in NOT_SHOWN}
    assert columns == SHOWN.keys()
    for column, shown in SHOWN.items():
        assert set(shown) == set(STATES[column]), column
        assert {value: label(key_of(word)) for value, (_, word) in shown.items()} == shown, column


def test_mail_has_a_word_for_each_state_and_for_what_it_is_held_as() -> None:
    assert COPIES.keys() >= {*get_args(State), "pending", "quarantine", "hold"}
    assert MESSAGES.keys() == set(get_args(Status))
    assert {state: label_ for state, label_ in MESSAGES.items() if state in COPIES and COPIES[state] != label_} == {}


@pytest.mark.rule("house", "The API documents each state with the word that pages show.")
def test_the_api_documents_the_words_of_pages() -> None:
    from civicmail.front.web.api.document import API

    schemas = API.get_openapi_schema()["components"]["schemas"]
    bare = {
        f"{name}.{property_}"
        for name, schema in schemas.items()
        for property_, facts in schema.get("properties", {}).items()
        if property_ in ("state", "status") and name != "Problem" and not _has_words(facts.get("description", ""))
    }
    assert bare == set()


def _has_words(description: str) -> bool:
    """Whether it lists values with a word each, or is of a state that the sender has seen."""
    listed = re.findall(r"(?m)^- `[^`]*`: ([^,]+),", description)
    return "as it was seen" in description or (bool(listed) and all(map(key_of, listed)))


def _used() -> set[str]:
    """Tables of the house whose states the town is asked for, by place."""
    asked = [frozenset(states) for states in STATES.values()]
    return {place for place, table in TABLES.items() if any(_of(table) <= states for states in asked)}


def _of(table: StateTable[str]) -> frozenset[str]:
    return everystate.of(table)


def test_the_town_has_something_in_every_state(whole_city: Town) -> None:
    """Else no page of the sweep meets it."""
    assert whole_city.people
    assert {f"{model.__name__}.{name}": found for (model, name) in STATES if (found := missing((model, name)))} == {}


@pytest.mark.rule(
    "promise 7",
    "The town that pages are swept with has something in each state of each table, and mail in each state.",
)
def test_the_town_has_mail_in_every_state(whole_city: Town, installed: Path) -> None:
    """Whatever is decided at the door or later, and what became of it; for whom it is, and who sent it."""
    assert whole_city.objects
    traced, copies = passages(installed), [copy for _, copy in outstanding(installed)]
    assert {p.do for p in traced} >= set(get_args(Action))
    assert {p.state for p in traced} == set(get_args(State))
    assert {copy.now for copy in copies} >= {"deliver", "mark", "encrypt", "hold", "quarantine", "pending", "redirect"}
    assert {copy.do for copy in copies if copy.is_held and copy.decided[3]} >= {"pending"}
    assert any(copy.is_pulled for copy in copies) and any(copy.control[0] and copy.held for copy in copies)
    assert any(copy.control[0] and not copy.held for copy in copies), "released"
    assert any(PENDING_TOO_LONG in copy.decided[4] for copy in copies) and any(copy.is_pending for copy in copies)
    assert any(rule.startswith(UNAVAILABLE) for p in traced if p.state == "held" for rule in p.rules)
