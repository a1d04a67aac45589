"""How many had accepted the policy in the past (P-18, P-28)."""

from __future__ import annotations

import pytest

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.identity.models import Acknowledgement, Authorization, PolicyText
from civicmail.city.identity.queries.policy_acceptance import Acceptance, by_department

pytestmark = pytest.mark.django_db
DAYS = [MS + n * 10 * DAY_MS for n in range(4)]


def answered(who: Person, text: PolicyText, at: int, *, accepted: bool = True) -> None:
    Acknowledgement.objects.create(person=who, text=text, accepted=accepted, shown=text.sha256, at=from_ms(at))


@pytest.mark.rule(
    "P-18, P-28",
    "The report counts who had accepted the policy at a time: an answer counts until a later version must be accepted.",
)
def test_acceptance_is_counted_as_it_was() -> None:
    head = staff.person("head")
    clerk = staff.department(head=head)
    staff.employed(head, clerk)
    ann, bob, eve = (staff.worker(uid, clerk, head) for uid in ("ann", "bob", "eve"))
    Authorization.objects.filter(person=eve).update(state="revoked", since=from_ms(DAYS[1] - 1))
    first = staff.policy(1)
    answered(ann, first, DAYS[0])
    answered(bob, first, DAYS[0] + 1)
    answered(bob, first, DAYS[2], accepted=False)
    staff.policy(2, from_ms(DAYS[3]))
    counted = by_department(DAYS)["clerk"]
    assert counted == [Acceptance(3, 1), Acceptance(2, 2), Acceptance(2, 1), Acceptance(2, 0)]
    assert [round(each.share or 0) for each in counted] == [33, 100, 50, 0]
    assert Acceptance().share is None and Acceptance(1, 1) + Acceptance(2, 0) == Acceptance(3, 1)
    later = by_department([MS + 366 * DAY_MS]).get("clerk", [Acceptance()])
    assert later[0].accepted == 0, "each answer counts for a year"
