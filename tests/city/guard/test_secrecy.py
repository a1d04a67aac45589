"""Who learns that somebody was looked at, and who does not (P-16; E1, E2, E8, AC-5)."""

from __future__ import annotations

import pytest
from django.db import transaction

from city.identity.cases import APP, AUDITOR, EXA, HOUR, OFFICER, WHY, actor, approved, asked
from city.identity.cases import quiet as quiet
from city.identity.staff import MS
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard, mandate_states
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.guard.queries.entries import visible_to
from civicmail.city.identity.actions import content_views, mandates
from civicmail.city.identity.queries import mandates as found

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet")]


def test_somebody_is_shown_what_is_over_and_not_sealed_and_nothing_of_what_is_open() -> None:
    """E1."""
    wendy = Person.objects.get(uid="wendy")
    rows = {name: approved("wendy", at=MS, sealed=name == "sealed") for name in ("open", "closed", "sealed", "unused", "narrowed")}
    for name, row in rows.items():
        if name != "unused":
            content_views.under(
                found.to_mandate(row), "content.list", actor=EXA, facts={}, now=MS + (HOUR if name == "narrowed" else 1)
            )
        row.refresh_from_db()
        assert len(found.shown_to(wendy)) == (name not in ("open", "closed")), "nothing of what is open"
        if name != "open":
            mandates.close(row, "Nothing of the tip was true.", actor=EXA, now=MS + 2)
    rows["narrowed"].subjects.update(until=from_ms(MS + HOUR))
    (shown,) = found.shown_to(wendy)
    assert (shown.number, shown.ground, shown.role, epoch_ms(shown.first)) == (
        rows["closed"].number,
        "examination",
        "examiner",
        MS + 1,
    )
    assert found.shown_to(Person.objects.get(uid="carl")) == []


@pytest.mark.rule("P-16, E8", "Of a sealed examination only its two people learn more than its existence.")
def test_sealed_ones_are_a_count_to_auditors_and_a_second_person_unseals() -> None:
    row, open_ = approved("wendy", at=MS, sealed=True), approved("wendy", at=MS)
    assert found.find_visible(AUDITOR, row.number, MS) is None and found.find_visible(AUDITOR, open_.number, MS) == open_
    assert found.sealed_counts() == {"examination": 1}
    assert found.find_visible(EXA, row.number, MS) == row and found.find_visible(APP, row.number, MS) == row
    with pytest.raises(NotPermitted):
        mandates.seal(row, False, actor=EXA, reason="it need not be a secret", now=MS)
    mandates.seal(row, False, actor=APP, reason="it need not be a secret", now=MS)
    assert found.find_visible(AUDITOR, row.number, MS) == Mandate.objects.get(pk=row.pk)
    mandates.seal(Mandate.objects.get(pk=open_.pk), True, actor=EXA, reason="a witness needs shelter", now=MS)
    with pytest.raises(Conflict):
        mandates.seal(Mandate.objects.get(pk=open_.pk), True, actor=EXA, reason="a witness needs shelter", now=MS)


def test_whom_it_is_about_sees_none_of_it_whatever_they_may() -> None:
    """E1: also as auditor or approver."""
    row = asked("audit")
    assert found.find_visible(AUDITOR, row.number, MS) is None
    assert found.find_visible(actor("audit", "examination-approver"), row.number, MS) is None
    assert found.find_visible(OFFICER, row.number, MS) is None and found.find_visible(Actor(""), row.number, MS) is None


def test_every_step_of_the_table_is_an_act_of_the_guard() -> None:
    assert {s.act for s in mandate_states.STEPS} <= {*PERMISSIONS, "tick", "look"}
    assert len({(s.source, s.action) for s in mandate_states.STEPS}) == len(mandate_states.STEPS)
    reached = {s.target for s in mandate_states.STEPS if s.source in ("closed", "ended", "refused", "withdrawn", "lapsed")}
    assert reached == set(), "what is over stays over"
    with pytest.raises(Conflict, match="has changed"):
        mandate_states.step("asked", "use")


@pytest.mark.rule("P-16, promise 4, E2", "Without an examination no content: a role alone opens no other person's mail.")
def test_no_case_no_body() -> None:
    """A role alone opens nothing, nor does somebody else's mandate, nor one for another act."""
    with pytest.raises(NotPermitted, match="mandate"):
        guard.permit(EXA, "content.show", {}, role="examiner", reason=WHY, now=MS, write=lambda _: "x")
    made = found.to_mandate(approved("wendy", at=MS))
    for who, act in ((actor("app", "examiner"), "content.show"), (EXA, "content.reveal"), (EXA, "my.mail"), (APP, "content.show")):
        with pytest.raises(NotPermitted):
            content_views.under(made, act, actor=who, facts={}, now=MS + 1)
    with pytest.raises(NotPermitted, match="You have no mandate"):
        found.live(actor("app", "examiner"), made.number, MS + 1)
    with pytest.raises(NotPermitted, match="You have no mandate"):
        found.live(EXA, "26-999", MS + 1)
    assert not Entry.objects.filter(act__startswith="content.").exists()


def test_auditors_see_entries_of_mandates_but_for_sealed_ones_and_those_about_themselves() -> None:
    """E1, E8, AC-5: and the access office sees none at all."""
    rows = {name: approved(who, at=MS, sealed=name == "sealed") for name, who in (("sealed", "wendy"), ("plain", "wendy"))}
    rows["about the auditor"] = asked("audit")
    with transaction.atomic():
        entries.enter("duty.grant", actor=OFFICER, reason="x", now=MS, object="duty:1")
    objects = {name: f"mandate:{row.number}" for name, row in rows.items()}
    seen = set(visible_to(AUDITOR).values_list("object", flat=True))
    assert seen & set(objects.values()) == {objects["plain"]} and "duty:1" in seen
    seen = set(visible_to(OFFICER).values_list("object", flat=True))
    assert seen == {"duty:1"}
    Mandate.objects.filter(number=rows["about the auditor"].number).update(state="closed")
    assert objects["about the auditor"] in set(visible_to(AUDITOR).values_list("object", flat=True))
