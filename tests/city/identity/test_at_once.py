"""Two people at the same moment: one of them counts, the other hears so, and nothing is half-done (P-04, D1)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from city.identity import cases, staff
from city.identity.staff import MS
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account, Entry, Mandate
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_end, access_requests, content_views, mandates, policy, roles, throttling
from civicmail.city.identity.models import Authorization, Ending, PolicyText, RoleAssignment
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.mandates import to_mandate

pytestmark = pytest.mark.django_db(transaction=True)

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))


def _together(*acts: Callable[[], object]) -> list[BaseException | None]:
    """What each raised, begun at the same moment in threads of their own; one after the other where the database is in memory."""
    said: list[BaseException | None] = [None] * len(acts)
    barrier = threading.Barrier(len(acts) if connection.vendor == "postgresql" else 1)

    def run(number: int) -> None:
        try:
            barrier.wait(60)
            acts[number]()
        except Exception as error:
            said[number] = error
        finally:
            if connection.vendor == "postgresql":
                connections.close_all()

    if connection.vendor != "postgresql":
        for number in range(len(acts)):
            run(number)
        return said
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return said


def _town() -> tuple[Person, Person, Authorization]:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    deputy = staff.worker("deputy", where, head)
    where.deputies.add(deputy)
    super_ = staff.worker("super", where, head)
    ann = staff.person("ann", account=False)
    staff.employed(ann, where, supervisor=super_)
    asked = access_requests.ask(ann, reasons=Reasons(**staff.WORDS), until=MS + 90 * DAY_MS, actor=_actor(super_), now=MS)
    return head, deputy, asked


def _actor(person: Person) -> Actor:
    return actor_of(Account.objects.select_related("person").get(person=person), "", MS)


def test_twelve_guesses_at_the_same_moment_are_twelve() -> None:
    """Also the very first ones, whose counters are not there yet."""
    admitted: list[bool] = []
    said = _together(
        *[lambda: admitted.append(throttling.admit("ann", "password", client="192.0.2.9", now=MS) is not None) for _ in range(12)]
    )
    assert said == [None] * 12 and sum(admitted) == 5


def test_one_says_yes_and_one_says_no() -> None:
    head, deputy, asked = _town()
    by_head, by_deputy = _actor(head), _actor(deputy)
    said = _together(
        lambda: access_requests.approve(asked, actor=by_head, now=MS),
        lambda: access_requests.refuse(asked, actor=by_deputy, reason="Not needed for this work.", now=MS),
    )
    assert sorted(type(s).__name__ for s in said) == ["Conflict", "NoneType"]
    row = Authorization.objects.get(pk=asked.pk)
    assert row.state == ("active" if said[0] is None else "refused")
    answers = Entry.objects.filter(act__in=["request.approve", "request.refuse"])
    assert answers.count() == 1, "one answer, one entry"


def test_two_grants_that_exclude_each_other() -> None:
    """D1: both look at the table, one of them grants."""
    head, _, _ = _town()
    said = _together(
        lambda: roles.grant(head, "auditor", until=MS + DAY_MS, actor=OFFICER, reason="Chosen by the council.", now=MS),
        lambda: roles.grant(head, "examiner", until=MS + DAY_MS, actor=OFFICER, reason="Chosen by the council.", now=MS),
    )
    assert sum(isinstance(s, Conflict) for s in said) == 1 and RoleAssignment.objects.count() == 1


def test_two_who_end_the_same_access() -> None:
    """L1: it ends once."""
    _, deputy, _ = _town()
    said = _together(
        *[lambda: access_end.end_access(deputy, reason="Leaves the city's service.", when=MS, actor=OFFICER, now=MS)] * 2
    )
    assert [s for s in said if s is not None and not isinstance(s, Conflict)] == []
    assert Ending.objects.count() == 1 and Entry.objects.filter(act="access.end").count() == 1


def test_of_two_who_publish_the_first_policy_at_once_one_hears_so() -> None:
    """P1: there is one version 1, and no failure."""
    text = "City mail is for the work of the city, and whoever uses it agrees that it is kept and may be examined at any time."
    act = {"after": 0, "actor": OFFICER, "reason": "Adopted by the council.", "now": MS}

    def publish(title: str) -> Callable[[], object]:
        return lambda: policy.publish(title, text, **act)  # type: ignore[arg-type]  # values of several kinds

    said = _together(publish("One"), publish("Two"))
    assert sorted(type(error) for error in said if error is not None) == [Conflict], said
    assert PolicyText.objects.get().version == 1
    assert Entry.objects.filter(act="policy.publish").count() == 1


def test_of_two_second_persons_who_decide_opposite_things_one_is_told() -> None:
    """E3: the mandate is what the first one said."""
    cases.town()
    made = cases.asked("wendy")
    seen = [Mandate.objects.get(pk=made.pk) for _ in range(2)]
    said = _together(
        lambda: mandates.approve(seen[0], actor=cases.APP, now=MS),
        lambda: mandates.refuse(seen[1], actor=cases.APP, reason="too wide as it is asked", now=MS),
    )
    assert sorted(type(error) for error in said if error) == [Conflict]
    made.refresh_from_db()
    assert made.state == ("refused" if said[0] else "approved")
    assert (made.starts is not None) == (made.state == "approved")


def test_a_look_while_somebody_stops_the_mandate_is_before_it_or_refused() -> None:
    """E2: under the lock of the row, so no entry is later than the end."""
    cases.town()
    made = cases.approved("wendy", at=MS)
    mandate = to_mandate(made)
    said = _together(
        lambda: mandates.stop(made, actor=cases.APP, reason="this goes too far now", now=MS),
        lambda: content_views.under(mandate, "content.show", actor=cases.EXA, facts={}, now=MS),
    )
    acts = list(Entry.objects.filter(object=f"mandate:{made.number}").order_by("id").values_list("act", flat=True))
    if isinstance(said[1], NotPermitted):
        assert acts[-1] == "mandate.stop" and "content.show" not in acts
    else:
        assert isinstance(said[0], Conflict | None) and "content.show" in acts
