"""Nothing is done to what is not known: each act has its resource, and each resource its facts (P-16)."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.guard.resources import KINDS, resource
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.authorization_rules import NOT_KNOWN
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.resources import CITY, Decision, InDepartment, OfPerson, PersonIn, Resource
from civicmail.city.guard.roles import ROLES

NOW = 1_772_452_800_000
CODES = st.sampled_from(["", "clerk", "works"])
UIDS = st.sampled_from(["", "ann", "bea", "cyd"])
FACTS = st.fixed_dictionaries(
    {
        "department": CODES, "person": UIDS, "holder": UIDS, "sponsor": UIDS, "responsible": UIDS, "reviewer": UIDS,
        "senders": st.frozensets(UIDS), "first_actors": st.lists(UIDS, max_size=2).map(tuple),
        "began_ms": st.just(NOW - 1), "alone": st.booleans(),
    }
)  # fmt: skip
ACTORS = st.builds(
    Actor,
    st.just("ann"),
    held=st.lists(st.builds(HeldRole, st.sampled_from(sorted(ROLES)), CODES, st.sampled_from([0, NOW + 1])), max_size=4).map(tuple),
    departments=st.frozensets(CODES),
    supervises=st.frozensets(UIDS),
)
MIGHTY = Actor("ann", held=tuple(HeldRole(role, "", NOW + 1) for role in ROLES), departments=frozenset({"", "clerk"}))


@pytest.mark.rule("P-16", "An act is done to a resource of its own kind, or not at all.")
@given(ACTORS, FACTS, st.sampled_from(sorted(PERMISSIONS)), st.sampled_from(KINDS))
def test_an_act_is_done_to_its_own_resource_or_not_at_all(
    actor: Actor, facts: dict[str, object], act: str, kind: type[Resource]
) -> None:
    """Whoever asks, and whatever else is known of the resource."""
    if not issubclass(kind, PERMISSIONS[act].resource):
        assert not guard.may(actor, act, resource(kind, **facts), now=NOW)
        with pytest.raises(NotPermitted):
            guard.require(actor, act, resource(kind, **facts), now=NOW)


@pytest.mark.rule("P-16", "An act is refused for a resource of another kind, even if all facts that its rule reads are known.")
def test_no_act_is_done_to_another_kind_of_resource() -> None:
    """Each act and each kind, by somebody who has every role: for hundreds of these the rule alone would say yes."""
    allowed_by_rule_alone = 0
    facts = dict.fromkeys(("department", "person", "holder", "sponsor", "responsible", "reviewer"), "")
    for whose in ("ann", "cyd"):
        known = facts | {
            "department": "clerk",
            "person": whose,
            "holder": whose,
            "first_actors": (),
            "began_ms": NOW - 1,
            "alone": True,
        }
        for act, permission in PERMISSIONS.items():
            for kind in KINDS:
                if not issubclass(kind, permission.resource):
                    about = resource(kind, **known)
                    allowed_by_rule_alone += permission.rule(MIGHTY, about, NOW) == ""
                    assert not guard.may(MIGHTY, act, about, now=NOW), (act, kind)
    assert allowed_by_rule_alone > 100, "a rule that reads nothing of its resource leaves the kind to the guard"


@given(ACTORS, FACTS, st.sampled_from(sorted(PERMISSIONS)), st.sampled_from(KINDS))
def test_what_could_be_done_is_all_that_may_be_done(actor: Actor, facts: dict[str, object], act: str, kind: type[Resource]) -> None:
    """A page that is shown too seldom hides an act; one that is shown too often is caught by the act itself."""
    about = resource(kind, **facts)
    if guard.may(actor, act, about, now=NOW):
        assert guard.could(actor, act, about, now=NOW)


@pytest.mark.rule("P-16", "The guard guesses nothing: a resource is made with all of its facts, and an unknown fact refuses.")
@pytest.mark.parametrize("kind", KINDS)
def test_no_resource_is_made_without_its_facts(kind: type[Resource]) -> None:
    """But for what is looked up later, and for who else may send: without these less is permitted, not more."""
    facts = {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}
    assert {field.name for field in fields(kind)} - facts <= {"four_eyes", "senders"}
    whole = dict.fromkeys(facts, "")
    for name in facts:
        with pytest.raises(TypeError, match=name):
            resource(kind, **{one: value for one, value in whole.items() if one != name})


def test_a_rule_that_meets_a_resource_without_what_it_reads_refuses() -> None:
    """Also whoever has every role: nobody is told apart from nobody."""
    everything = resource(PersonIn, department="clerk", person="cyd")
    for act, about, known in (
        ("my.mail", CITY, OfPerson("ann")),
        ("mandate.ask", CITY, OfPerson("ann")),
        ("duty.grant", CITY, OfPerson("cyd")),
        ("access.end", InDepartment("clerk"), everything),
        ("access.end", OfPerson("cyd"), everything),
        ("rule.decide", OfPerson("cyd"), Decision(first_actors=("cyd",), began_ms=NOW - 1)),
    ):
        assert guard.may(MIGHTY, act, about, now=NOW).reason == NOT_KNOWN, act
        assert guard.could(MIGHTY, act, about, now=NOW), act
        assert guard.may(MIGHTY, act, known, now=NOW), act


def test_what_is_somebody_elses_could_not_be_done_either() -> None:
    for act in ("my.mail", "mandate.ask", "duty.take-up"):
        for ask in (guard.may, guard.could):
            assert not ask(MIGHTY, act, OfPerson("bea"), now=NOW)
            assert not ask(MIGHTY, act, OfPerson(""), now=NOW)
