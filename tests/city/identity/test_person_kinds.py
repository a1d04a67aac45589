"""Kinds of people differ where one table says so, and nowhere else (P-04, P-09, P-10)."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.identity.staff import KINDS
from civicmail.city.directory import feed_diff, feed_file
from civicmail.city.identity.person_kinds import MAX_AUTHORIZATION, PERSON_KINDS, latest_end
from house.sources import modules, name, tree

NAMED = {"src/civicmail/city/identity/person_kinds.py", "src/civicmail/city/directory/models.py"}
"""The table, and the list of kinds; the file format of the list says the same below the table, see the next test."""

FORMAT = {"src/civicmail/city/directory/feed_file.py", "src/civicmail/city/directory/feed_diff.py"}
SAMPLE = "src/civicmail/front/sample/"


def test_the_table_the_rows_and_the_list_know_the_same_kinds() -> None:
    assert set(PERSON_KINDS) == set(KINDS) == set(feed_file.KINDS)
    assert {kind for kind, d in PERSON_KINDS.items() if d.contract} == feed_diff.NEEDS_CONTRACT


def test_no_other_module_treats_a_kind_in_its_own_way() -> None:
    """A comparison with the name of a kind would be a difference outside of the table. "agent" and "board" are other words, too."""
    words = set(KINDS) - {"agent", "board"}
    for path in modules("src"):
        if name(path) in NAMED | FORMAT or name(path).startswith(SAMPLE) or "/migrations/" in name(path):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Compare):
                said = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
                assert not said & words, (
                    f"{name(path)}:{node.lineno} asks for a kind; put the difference into identity/person_kinds.py"
                )


@pytest.mark.parametrize("kind", KINDS)
@given(days=st.integers(-5, 800), hour=st.integers(0, 23))
def test_access_ends_with_the_contracts_last_day_or_after_a_year(kind: str, days: int, hour: int) -> None:
    """M2."""
    now = datetime(2026, 3, 2, hour, 30, tzinfo=UTC)
    last: date = now.date() + timedelta(days=days)
    end = latest_end(kind, now, last if PERSON_KINDS[kind].contract else None)
    assert end <= now + MAX_AUTHORIZATION
    if PERSON_KINDS[kind].contract:
        assert end == min(now + MAX_AUTHORIZATION, datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1))
    else:
        assert end == now + MAX_AUTHORIZATION
