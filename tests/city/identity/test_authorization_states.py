"""Every way through the table of states (M2; P-04)."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.identity import authorization_states
from civicmail.city.identity.authorization_states import LIVING, STATES, STEPS, actions, step

ACTIONS = sorted({s.action for s in STEPS})


class Walk(RuleBasedStateMachine):
    """Any action in any state either follows the table or is refused and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.state: str = "asked"
        self.approved = False

    @rule(action=st.sampled_from(ACTIONS))
    def act(self, action: str) -> None:
        before = self.state
        if action in actions(before):
            self.state = step(before, action)
            self.approved |= action == "approve"
        else:
            with pytest.raises(Conflict):
                step(before, action)

    @invariant()
    def nothing_is_in_force_without_approval(self) -> None:
        assert self.state in STATES
        assert self.approved or self.state not in ("approved", "active", "suspended", "expired", "revoked")

    @invariant()
    def what_is_over_stays_over(self) -> None:
        assert (self.state in LIVING) == bool(actions(self.state))


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=100, stateful_step_count=12)


def test_each_step_stands_once_and_names_an_act_that_the_guard_knows() -> None:
    assert len({(s.source, s.action) for s in STEPS}) == len(STEPS)
    assert {s.act for s in STEPS} <= {*PERMISSIONS, "tick"}
    assert {s.source for s in STEPS} | {s.target for s in STEPS} == STATES


def test_a_living_authorization_can_always_be_ended() -> None:
    assert all("revoke" in actions(state) and "expire" in actions(state) for state in LIVING)
    assert authorization_states.step("asked", "revoke") == "withdrawn"
