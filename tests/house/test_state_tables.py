"""Every table of states in the house, walked: whatever is tried in whatever order (issue 7, acceptance 1)."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.state_table import StateTable
from civicmail.desk.mailbox import send_states
from civicmail.desk.workbench import states as exports
from house.sources import PACKAGE, ROOT, modules, name

NOBODY = {"tick", "hook", "look", "reader"}
"""Acts that the guard is not asked about: what the time does, another program, a look for which it was asked already, and a reader
outside."""
OTHERWISE = {
    "src/civicmail/city/identity/actions/access_end.py": "steps of one verb, in their order",
    "src/civicmail/desk/mailbox/send_states.py": "walked below",
    "src/civicmail/desk/workbench/states.py": "walked below",
}
"""Modules with STEPS that are no such table; on pages these are something else."""


def _tables() -> dict[str, StateTable[Any]]:
    """By place: identity/authorization_states.py:TABLE, and for tables by kind holding/release_states.py:TABLES[malware]."""
    found: dict[str, StateTable[Any]] = {}
    for path in modules("src/civicmail"):
        if not re.search(r"import .*\bStateTable\b", path.read_text()) or "guard.state_table" not in path.read_text():
            continue
        module = import_module(".".join(path.relative_to(ROOT / "src").with_suffix("").parts))
        place = "/".join(path.parts[-2:])
        for key, value in vars(module).items():
            several = {f"[{kind}]": one for kind, one in value.items()} if isinstance(value, dict) else {"": value}
            found |= {f"{place}:{key}{kind}": one for kind, one in several.items() if isinstance(one, StateTable)}
    return found


TABLES = _tables()


def _states(table: StateTable[Any]) -> set[str]:
    return {s.source for s in table.steps} | {s.target for s in table.steps}


def _firsts(table: StateTable[Any]) -> set[str]:
    """Where a life begins: the first line of the table, and whatever no step leads to."""
    return {table.steps[0].source} | (_states(table) - {s.target for s in table.steps if s.target != s.source})


def _reached(table: StateTable[Any], begin: set[str]) -> set[str]:
    seen, waiting = set(begin), list(begin)
    while waiting:
        at = waiting.pop()
        new = {s.target for s in table.steps if s.source == at} - seen
        seen |= new
        waiting += new
    return seen


@pytest.mark.rule("house", "No state changes by a transition that its table does not have.")
@pytest.mark.rule(
    "P-05, P-08, P-30",
    "Whatever happens in any order, no state leaves its table: an invalid transition is refused in a sentence, and final "
    "states stay final.",
)
@pytest.mark.parametrize("place", TABLES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_no_walk_leaves_a_table(place: str, data: st.DataObject) -> None:
    """An action that the table has leads where it says; any other one is refused in a sentence and changes nothing, and
    what is over stays over."""
    table = TABLES[place]
    everything = sorted({s.action for s in table.steps} | {"nothing of the kind"})
    state = data.draw(st.sampled_from(sorted(_firsts(table))))
    for action in data.draw(st.lists(st.sampled_from(everything), min_size=1, max_size=14)):
        if action in table.actions(state):
            state = table.step(state, action)
            assert state in _states(table)
            continue
        with pytest.raises(Conflict) as refused:
            table.step(state, action)
        said = str(refused.value.args[0])
        assert said.endswith(".") and len(said) >= 20 and "{" not in said, said


@pytest.mark.rule("house", "Every state in a table can be reached and leads to an end.")
@pytest.mark.parametrize("place", TABLES)
def test_every_state_is_reached_and_leads_to_an_end(place: str) -> None:
    """Each step stands once, under an act that the guard knows."""
    table = TABLES[place]
    assert len({(s.source, s.action) for s in table.steps}) == len(table.steps)
    assert {s.act for s in table.steps} <= {*PERMISSIONS, *NOBODY}
    assert _reached(table, _firsts(table)) == _states(table)
    ends = {state for state in _states(table) if not table.actions(state)}
    assert ends, "nothing is ever over"
    assert all(_reached(table, {state}) & ends for state in _states(table)), "a state without a way to an end"


@pytest.mark.rule("house", "No module has states outside of the tables.")
def test_no_module_has_states_of_its_own_beside_these() -> None:
    """Whoever writes a table writes one that is walked."""
    known = {place.partition(":")[0] for place in TABLES}
    rooms = [p for p in modules("src/civicmail") if "views" not in p.parts and "front" not in p.parts]
    own = [p for p in rooms if re.search(r"(?m)^(?:\w+_)?STEPS\b.* = ", p.read_text())]
    assert [name(p) for p in own if "/".join(p.parts[-2:]) not in known and name(p) not in OTHERWISE] == []
    assert len(known) >= 12 and all((PACKAGE.parents[1] / place).exists() for place in OTHERWISE)


@given(st.lists(st.sampled_from(["undo", "hasten", "take", "wait", "send", "refuse"]), max_size=12))
def test_what_was_taken_up_to_be_sent_is_not_taken_back(actions: list[Any]) -> None:
    """Messages on their way out: a step that is none is None, and nothing is sent that was taken back."""
    seen = ["waiting"]
    for action in actions:
        after = send_states.step(seen[-1], action)
        assert after == send_states.STEPS.get((seen[-1], action))
        seen += [after] if after is not None else []
    assert "undone" not in seen or not {"sending", "sent", "returned"} & set(seen)


@given(st.lists(st.sampled_from(sorted(exports.WORDS)), max_size=12))
def test_an_export_is_ready_only_when_it_was_proved_and_never_again_when_it_is_gone(wanted: list[Any]) -> None:
    """Exports: from, to."""
    seen = ["waiting"]
    for to in wanted:
        try:
            seen.append(exports.step(seen[-1], to))
        except Conflict:
            assert (seen[-1], to) not in exports.STEPS
    assert "ready" not in seen or seen[seen.index("ready") - 1] == "proving"
    assert "gone" not in seen or seen[-1] == "gone"
