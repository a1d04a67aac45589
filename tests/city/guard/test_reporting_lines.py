"""Lines, working days and scopes as plain values (E3, E4, E5; AC-5)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.guard.mandates import Mandate, Scope, is_wider
from civicmail.city.guard.reporting_lines import ReportingLines
from civicmail.city.guard.working_days import end_of_next
from civicmail.core.query.errors import QueryError
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Not, Or, Token, Tree, View

PEOPLE = ["ann", "bob", "cid", "dee"]
T0 = 1_700_000_000_000
NOW = datetime.fromtimestamp(T0 / 1000, UTC)

LINES = ReportingLines(
    supervisor={"carl": "wendy", "wendy": "hank", "loop1": "loop2", "loop2": "loop1"},
    department={"carl": "roads", "wendy": "works", "hank": "works", "app": "clerk", "dora": "works"},
    parent={"roads": "works", "works": "city", "clerk": "city", "city": "works"},
    offices={"works": frozenset({"hank", "dora"}), "clerk": frozenset({"cora"}), "city": frozenset({"mayor"})},
)


def test_above_are_supervisors_and_heads_and_deputies_up_to_the_top() -> None:
    assert LINES.above("carl") == {"wendy", "hank", "dora", "mayor"}
    assert LINES.above("app") == {"cora", "mayor", "hank", "dora"}, "a circle of departments ends"
    assert LINES.above("loop1") == {"loop2"} and LINES.above("stranger") == set()


@given(st.sampled_from(["carl", "wendy", "hank", "dora", "app", "stranger"]), st.sampled_from(["carl", "wendy", "app"]))
def test_being_in_a_line_goes_both_ways(one: str, other: str) -> None:
    assert LINES.is_independent(one, "asker", [other]) == LINES.is_independent(other, "asker", [one])
    assert not LINES.is_independent(one, one, []) and not LINES.is_independent(one, "asker", [one])


@pytest.mark.parametrize(
    ("at", "ends"),
    [("2026-11-25T10:00", "2026-11-28"), ("2026-11-27T23:59", "2026-12-01"), ("2026-11-28T08:00", "2026-12-01")],
)
def test_the_next_working_day_is_no_weekend_and_no_holiday(at: str, ends: str) -> None:
    """E4: Wednesday before Thanksgiving; a Friday night; a Saturday."""
    zone = ZoneInfo("America/Chicago")
    end = end_of_next(datetime.fromisoformat(at).replace(tzinfo=zone), {date(2026, 11, 26)})
    assert end == datetime.fromisoformat(f"{ends}T00:00").replace(tzinfo=zone)


def _view(**said: Any) -> View:
    nothing: dict[str, Any] = {name: 0 if kind is int else "" for name, kind in View.__annotations__.items()}
    return nothing | said  # type: ignore[return-value]


_TEXT = st.lists(st.sampled_from(["bid", "storm", "rain"]), max_size=3).map(" ".join)
_SCOPES = st.builds(
    Scope,
    people=st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True).map(tuple),
    boxes=st.just(()),
    since=st.none() | st.integers(T0, T0 + 4),
    until=st.none() | st.integers(T0, T0 + 4),
    words=st.sampled_from(["", "bid", "bid storm", "bid OR storm", "-rain", "bid -rain", "(bid)", "subject:bid"]),
)


def _resolved(scope: Scope) -> Scope:
    return Scope(scope.people, tuple(f"{p}@city.example" for p in scope.people), scope.since, scope.until, scope.words)


@settings(max_examples=300, deadline=None)
@given(_SCOPES, _SCOPES, st.sampled_from(PEOPLE), _TEXT, st.integers(T0, T0 + 4))
def test_what_is_not_wider_reaches_nothing_more(before: Scope, after: Scope, who: str, text: str, at: int) -> None:
    """E5: a change that needs no second person shows nothing that the scope before would not have shown."""
    if is_wider(before, after, T0):
        return
    view = _view(rcpt=f"{who}@city.example", subject=text, received=at)
    assert not matches(_resolved(after).tree(T0), view) or matches(_resolved(before).tree(T0), view)
    assert _resolved(after).matcher(T0)(view) == matches(_resolved(after).tree(T0), view)


_ASKED: st.SearchStrategy[str] = st.sampled_from(
    [
        "storm", "*", "rcpt:bob@city.example OR storm", "NOT storm", "from:@city.example", ") OR (", '"bid', "larger:0",
        "-rcpt:ann@city.example", "custodian:bob", "received:1", "id:0123456789ab", "thread:x",
        "(storm OR bid) OR NOT (storm OR bid)", "", "before:2090", "OR", "AROUND 3",
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    _ASKED,
    _ASKED,
    st.sampled_from(["rcpt", "from", "to", "cc", "bcc", "sent", "custodian"]),
    st.sampled_from(PEOPLE),
    st.integers(-1, 3),
)
def test_no_query_leaves_the_scope(one: str, other: str, field: str, who: str, at: int) -> None:
    """E5: whatever is asked, what is found was sent by, received by, or imported as ann's, and between the days."""
    scope = Scope(("ann",), ("ann@city.example",), T0, T0 + 2, "storm OR bid", ("ann",))
    token = f"ann ={who}" if field == "custodian" else f"{who}@city.example"
    view = _view(**{field: token}, subject="storm", received=T0 + at)
    for asked in _trees(one, other):
        assert scope.matcher(T0)(view) == matches(scope.tree(T0), view)
        if matches(scope.restrict(asked, T0), view):
            assert who == "ann" and field in ("rcpt", "from", "sent", "custodian") and 0 <= at <= 2


def _trees(one: str, other: str) -> list[Tree]:
    found: list[Tree] = []
    for text in (one, f"{one} OR {other}", f"({one}) {other}", f"{one} -({other})"):
        try:
            found.append(parse(text, now=NOW))
        except QueryError:
            continue
    return [*found, Or((*found, Token("rcpt", "bob@city.example"))), Not(And(tuple(found)))]


def test_a_scope_of_nobody_is_nothing() -> None:
    """E5: no mailbox is no mail, not all mail."""
    view = _view(subject="storm", received=T0)
    assert not matches(Scope(("ann",), ()).tree(T0), view) and not Scope(("ann",), ()).matcher(T0)(view)


def test_a_mandate_is_in_force_from_its_start_until_its_end() -> None:
    made = Mandate("26-001", "examination", "exa", "examiner", "", Scope((), ()), 10, 20, False, "open")
    assert [made.is_live(at) for at in (9, 10, 19, 20)] == [False, True, True, False]
