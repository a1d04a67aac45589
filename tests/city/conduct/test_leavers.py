"""Who left: the department is told at once, confirms it, and says what happens to the mail (L4, L5, L6; P-08)."""

from __future__ import annotations

import pytest

from city.conduct.left import WHY, Place, place
from city.identity import staff
from city.identity.staff import LATER, MS, NOW
from civicmail.city.conduct.actions import leavers
from civicmail.city.conduct.models import Leaver
from civicmail.city.conduct.queries import leavers as asked
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import access_requests
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.models import Authorization, AutoReply, Forwarding
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.notices.models import Notice
from civicmail.mail.courier.release_holds import destination

pytestmark = pytest.mark.django_db
TEXT = "Ann Test does not work here any more."


@pytest.fixture
def town() -> Place:
    return place()


@pytest.mark.rule("P-08, L6", "Managers are notified of leavers immediately, in one notice.")
def test_managers_are_told_at_once_in_one_letter_and_each_leaver_once(town: Place) -> None:
    """Within a day is at once."""
    town.leaves()
    town.leaves(town.bob)
    assert leavers.open_due(MS) == 2 and leavers.open_due(MS + 1) == 0
    assert [(n.to, n.subject) for n in Notice.objects.all()] == [("head@city.example", "Clerk: mail access of 2 people have ended")]
    assert Notice.objects.get().made == NOW


def test_who_has_no_mailbox_or_works_here_again_is_no_question(town: Place) -> None:
    """L5."""
    town.leaves()
    staff.employed(town.ann, town.where)
    cara = staff.person("cara")
    staff.employed(cara, town.where)
    town.leaves(cara)
    assert leavers.open_due(MS) == 0


@pytest.mark.rule("P-08, L6", "A leaver not confirmed within a day is a finding, once.")
def test_a_leaver_nobody_confirms_is_red_after_a_day_and_a_finding_once(town: Place) -> None:
    row = town.leaver()
    group = asked.tasks(town.boss, MS + DAY_MS - 1)[0]
    assert (group.name, group.tasks[0].state[0]) == ("Clerk", "wait") and leavers.find_overdue(MS + DAY_MS - 1) == 0
    assert asked.tasks(town.boss, MS + DAY_MS)[0].tasks[0].state == ("stop", "1 not confirmed in time")
    assert (leavers.find_overdue(MS + DAY_MS), leavers.find_overdue(MS + DAY_MS)) == (1, 0)
    assert Entry.objects.filter(act="leaver.overdue", object="person:ann").count() == 1
    row.refresh_from_db()
    assert asked.state(row, MS + DAY_MS) == ("warn", "Overdue")
    leavers.answer(row, "nothing", actor=town.boss, reason=WHY, now=MS + DAY_MS)
    assert not asked.tasks(town.boss, MS + 2 * DAY_MS)


def test_nobody_answers_for_themselves_or_for_another_department(town: Place) -> None:
    row = town.leaver()
    for actor in (Actor("ann", "Ann", departments=frozenset({"clerk"})), Actor("bob", "Bob", departments=frozenset({"parks"}))):
        with pytest.raises(NotPermitted):
            leavers.answer(row, "nothing", actor=actor, reason=WHY, now=MS)


@pytest.mark.rule("P-08, L4", "The department decides about the mail of a leaver, and the decision takes effect immediately.")
def test_what_comes_goes_to_a_function_mailbox_with_an_answer_and_both_end(town: Place) -> None:
    row = town.leaver()
    leavers.answer(row, "forward", to=town.office, text=TEXT, until=MS + 30 * DAY_MS, actor=town.boss, reason=WHY, now=MS)
    seen = build_snapshot(1, MS, ("city.example",))
    assert destination(seen, town.box.address, MS) == "311@city.example" and AutoReply.objects.get().text == TEXT
    sweep(MS + 30 * DAY_MS)
    assert AutoReply.objects.get().ended and Forwarding.objects.get().ended
    assert destination(build_snapshot(2, MS + 30 * DAY_MS, ("city.example",)), town.box.address, MS + 30 * DAY_MS) is None


@pytest.mark.rule("P-08, L4, M3", "A successor is authorized by another person, and the authorization ends on the chosen day.")
def test_a_successor_is_authorized_by_somebody_else_reads_and_ends_by_itself(town: Place) -> None:
    """Who chooses does not approve."""
    row = town.leaver()
    leavers.answer(row, "successor", successor=town.bob, until=MS + 20 * DAY_MS, actor=town.boss, reason=WHY, now=MS)
    waiting = Authorization.objects.get(role="successor")
    with pytest.raises(NotPermitted):
        access_requests.approve(waiting, actor=town.boss, now=MS)
    staff.person("deputy")
    deputy = Actor("deputy", "Deputy", departments=frozenset({"clerk"}))
    access_requests.approve(waiting, actor=deputy, now=MS)
    grant = build_snapshot(1, MS, ("city.example",)).people["bob"].grants[-1]
    assert (grant.mailbox, grant.role, grant.send) == ("ann@city.example", "successor", False)
    sweep(MS + 20 * DAY_MS)
    waiting.refresh_from_db()
    assert waiting.state == "expired"


def test_a_later_answer_takes_the_place_of_the_earlier_one(town: Place) -> None:
    row = town.leaver()
    leavers.answer(row, "successor", successor=town.bob, until=MS + 20 * DAY_MS, actor=town.boss, reason=WHY, now=MS)
    row = leavers.answer(Leaver.objects.get(), "reply", text=TEXT, until=MS + 20 * DAY_MS, actor=town.boss, reason=WHY, now=MS)
    assert Authorization.objects.get(role="successor").state == "revoked" or not Authorization.objects.filter(
        role="successor", state__in=["asked", "active"]
    )
    row = leavers.answer(row, "nothing", actor=town.boss, reason=WHY, now=MS + 1)
    assert not AutoReply.objects.filter(ended__isnull=True).exists()
    assert Entry.objects.filter(act="leaver.answer").count() == 3


@pytest.mark.parametrize(
    "said",
    [{"choice": "other"}, {"choice": "forward"}, {"choice": "successor"}, {"choice": "reply"}, {"choice": "reply", "until": MS}],
)
def test_half_an_answer_is_none(town: Place, said: dict[str, object]) -> None:
    row = town.leaver()
    with pytest.raises(Unusable):
        leavers.answer(row, actor=town.boss, reason=WHY, now=MS, **{"until": MS + DAY_MS, **said})  # type: ignore[arg-type]
    assert Leaver.objects.get().choice == ""


def test_for_who_is_back_nothing_is_chosen_any_more(town: Place) -> None:
    """L5."""
    row = town.leaver()
    again = staff.employed(town.ann, town.where)
    staff.authorized(town.ann, town.box, again, town.head)
    with pytest.raises(Conflict, match="again"):
        leavers.answer(row, "forward", to=town.office, until=MS + DAY_MS, actor=town.boss, reason=WHY, now=MS)
    assert not asked.tasks(town.boss, MS + 2 * DAY_MS) and LATER > NOW
