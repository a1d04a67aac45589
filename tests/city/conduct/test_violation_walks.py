"""A case among people who try everything, in any order, by the verbs themselves (P-30; V1 to V4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from city.conduct import cases_of_violations as cases
from city.conduct.cases_of_violations import DEPUTY, HEAD, ONE, THREE, TWO, WHY, said, who
from city.identity.staff import MS
from civicmail.city.conduct.actions import consequences, findings
from civicmail.city.conduct.models import Violation
from civicmail.city.conduct.violation_states import STEPS, actions
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Bar

pytestmark = pytest.mark.django_db
ANN = Actor("ann", "Ann", admitted=False)
PEOPLE = (HEAD, DEPUTY, ONE, TWO, THREE)
SAID = "It was a list of volunteers, who had asked for it."
LAW = "Court order 26-114"

Verb = Callable[[Violation, Actor, int], object]
VERBS: dict[str, Verb] = {
    "ask": lambda v, a, n: findings.ask_response(v, actor=a, now=n),
    "respond": lambda v, _, n: findings.respond(v, SAID, actor=ANN, now=n),
    "confirm": lambda v, a, n: findings.find(v, "confirm", actor=a, reason=WHY, now=n),
    "dismiss": lambda v, a, n: findings.find(v, "dismiss", actor=a, reason=WHY, now=n),
    "note": lambda v, a, n: findings.find(v, "note", actor=a, reason=WHY, now=n),
    "warn": lambda v, a, n: consequences.decide(v, said("warning"), actor=a, now=n),
    "suspend": lambda v, a, n: consequences.decide(v, said("suspension", 30), actor=a, now=n),
    "bar": lambda v, a, n: consequences.decide(v, said("permanent"), actor=a, now=n),
    "agree": lambda v, a, n: consequences.agree(v, yes=True, actor=a, reason=WHY, now=n),
    "disagree": lambda v, a, n: consequences.agree(v, yes=False, actor=a, reason=WHY, now=n),
    "appeal": lambda v, _, n: consequences.appeal(v, SAID, actor=ANN, now=n),
    "uphold": lambda v, a, n: consequences.hear(v, uphold=True, actor=a, reason=WHY, now=n),
    "overturn": lambda v, a, n: consequences.hear(v, uphold=False, law=LAW, actor=a, reason=WHY, now=n),
}
ONWARDS = {"reported": ("ask", "respond", "confirm"), "confirmed": ("suspend",), "proposed": ("agree",), "decided": ("appeal",)}
"""What usually comes next; whoever may do it does it."""
TRIED = st.tuples(st.sampled_from([*VERBS, *["on"] * 8]), st.sampled_from(PEOPLE), st.sampled_from([0, 0, 1, 8, 31]))


def tried(row: Violation, verb: str, by: Actor, now: int) -> Violation:
    """The case after somebody has tried something."""
    for name in ONWARDS.get(row.state, ()) if verb == "on" else (verb,):
        for one in PEOPLE if verb == "on" else (by,):
            try:
                VERBS[name](row, one, now)
            except (Conflict, NotPermitted, Unusable):
                continue
            return Violation.objects.get(pk=row.pk)
    return row


@pytest.mark.rule(
    "P-30, V1, V2, V3, V4",
    "Whatever officers do in any order: nobody has two parts, no consequence precedes a decision, one officer alone bars "
    "nobody permanently, and an overturned consequence ends.",
)
@given(steps=st.lists(TRIED, min_size=4, max_size=12))
@example(steps=[("on", HEAD, 0)] * 5 + [("overturn", DEPUTY, 0), ("overturn", TWO, 1)])
@example(
    steps=[("on", HEAD, 0)] * 3
    + [("bar", ONE, 0), ("agree", ONE, 0), ("agree", TWO, 0), ("appeal", ONE, 1), ("overturn", DEPUTY, 1)]
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_tried_a_case_goes_by_its_table_through_different_hands(steps: list[tuple[str, Actor, int]]) -> None:
    """V1 to V4: nobody has two parts; nothing shuts a door before a decision, or after it was overturned; nothing is for
    good by one officer; each step is an entry."""
    with transaction.atomic():
        cases.town()
        row, now = cases.reported(), MS
        for verb, by, days in steps:
            now += days * DAY_MS
            before, entries = row.state, Entry.objects.count()
            row = tried(row, verb, by, now)
            assert row.state == before or row.state in {s.target for s in STEPS if s.source == before}
            assert row.state == before or Entry.objects.count() > entries
            _holds(row)
        transaction.set_rollback(True)


def _holds(row: Violation) -> None:
    parts = [p for p in (row.finder, row.decider, row.second, row.hearer) if p is not None]
    assert len({*parts, who("ann"), who("three")}) == len(parts) + 2, "each part is another person's, nor the reporter's or Ann's"
    living = set(Bar.objects.filter(person__uid="ann", ended__isnull=True).values_list("kind", flat=True))
    if row.state in ("reported", "unfounded", "noted", "confirmed", "proposed"):
        assert not living, "nothing follows before it is decided"
    if row.state == "overturned" and row.outcome != "permanent":
        assert not living, "what was overturned ends at once"
    if row.outcome == "permanent" and row.state in ("decided", "appealed", "upheld", "overturned"):
        assert "permanent" in living and row.second not in (None, row.decider), "it ends when another officer agrees"
    assert row.response or row.respond_by is not None or row.state in ("reported", "unfounded"), "asked before a finding against"
    assert bool(actions(row.state)) or row.state in ("unfounded", "noted", "upheld", "overturned")
