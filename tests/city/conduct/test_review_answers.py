"""Answers and what is made of them: keep, end, change, not mine, don't know; standing in (P-05; R3, R5, R6, R7, R12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from city.conduct.asked import START, Works, actor, day, part, row, sweep
from city.identity import staff
from city.identity.staff import LATER, NOW
from civicmail.city.conduct.actions import enforcement, reassignment, review_answers
from civicmail.city.conduct.models import ReviewRow
from civicmail.city.conduct.queries import reviewer_screen
from civicmail.city.conduct.review_plans import UNDO_MS, keeps_per_minute
from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Authorization, RoleAssignment

pytestmark = pytest.mark.django_db
WHY = "Still answers the letters of the department."


def test_keep_extends_the_end_as_far_as_kinds_allow_and_is_verified() -> None:
    """R5: a year for an employee; the approver is who kept it."""
    works = Works(1)
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    right = Authorization.objects.get(person=works.workers[0])
    assert right.until == LATER, "it can be taken back still"
    sweep(START + UNDO_MS)
    right.refresh_from_db()
    assert from_ms(START + 364 * DAY_MS) < right.until <= from_ms(START + UNDO_MS + 366 * DAY_MS) and right.approver == works.hank
    sweep(START + UNDO_MS + 5_000)
    found = row(review, "w0")
    assert found.state == "verified" and found.promised == right.until
    assert Entry.objects.get(act="request.extend").person == "hank"


def test_keep_never_goes_beyond_the_contract() -> None:
    """R5: of a contractor until the contract's last day."""
    works = Works(0)
    carl = works.worker("carl", kind="contractor")
    review = works.start("outside")
    review_answers.keep(row(review, "carl"), actor=actor(works.hank), now=START)
    sweep(START + UNDO_MS)
    assert timezone.localtime(Authorization.objects.get(person=carl).until) == timezone.make_aware(datetime(2027, 1, 1))


@pytest.mark.rule("P-05, R5, M3", "Access that is kept is extended within the table of kinds, and not by its requester.")
def test_who_asked_for_it_keeps_it_without_more_time() -> None:
    """Three people decide about access, also in a review."""
    works = Works(1)
    Authorization.objects.filter(person=works.workers[0]).update(requester=works.dora)
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=actor(works.dora), now=START)
    sweep(START + UNDO_MS)
    assert Authorization.objects.get(person=works.workers[0]).until == LATER


@pytest.mark.rule("P-05, R5", "Each answer has its effect: keep, end, change, reassign.")
def test_end_takes_the_access_away_at_once() -> None:
    """With a reason; sessions end, mail stays."""
    works = Works(1)
    review = works.start()
    with pytest.raises(Unusable):
        review_answers.revoke(row(review, "w0"), actor=actor(works.hank), reason="no", now=START)
    review_answers.revoke(row(review, "w0"), actor=actor(works.hank), reason="Has left the counter.", now=START)
    assert Authorization.objects.get(person=works.workers[0]).state == "revoked"
    assert Account.objects.get(person=works.workers[0]).epoch == 2
    sweep(START + 5_000)
    assert row(review, "w0").state == "verified"
    entry = Entry.objects.get(act="review.revoke")
    assert entry.facts["rows"] == [row(review, "w0").pk] and entry.object == f"review:{review.pk}"


def test_change_sets_another_end_within_the_rules() -> None:
    """R5."""
    works = Works(1)
    review = works.start()
    with pytest.raises(Unusable):
        review_answers.change(
            row(review, "w0"), START + 400 * DAY_MS, actor=actor(works.hank), reason="Much longer, please.", now=START
        )
    review_answers.change(
        row(review, "w0"), START + 40 * DAY_MS, actor=actor(works.hank), reason="Until the counter closes.", now=START
    )
    assert Authorization.objects.get(person=works.workers[0]).until == from_ms(START + 40 * DAY_MS)
    sweep(START + 5_000)
    assert row(review, "w0").state == "verified"


def test_not_mine_goes_to_who_answers_there_and_after_two_hops_to_the_office() -> None:
    """R5: and nobody gets it back who gave it away."""
    works = Works(1)
    other = staff.department("water", staff.person("wanda"), works.city)
    works._at_home(other.head, other)  # type: ignore[arg-type]
    review = works.start()
    mine = reassignment.not_mine(row(review, "w0"), other, actor=actor(works.hank), reason="Works for Water.", now=START)
    assert mine.part.reviewer == other.head and mine.state == "open"
    again = row(review, "w0")
    reassignment.not_mine(again, works.works, actor=actor(other.head), reason="Not for us, either.", now=START)  # type: ignore[arg-type]
    assert row(review, "w0").part.reviewer == works.hank
    reassignment.not_mine(row(review, "w0"), other, actor=actor(works.hank), reason="Works for Water.", now=START)
    assert row(review, "w0").part.reviewer == works.officer
    assert [s.step for s in row(review, "w0").steps.all()] == ["not-mine"] * 3


def test_who_does_not_know_passes_it_to_the_next_head() -> None:
    """R5."""
    works = Works(1)
    review = works.start()
    reassignment.dont_know(row(review, "w0"), actor=actor(works.hank), reason="New to me.", now=START)
    assert row(review, "w0").part.reviewer == works.top


@pytest.mark.parametrize("who", ["w0", "dora", "officer", "stranger"])
def test_nobody_answers_who_was_not_asked_or_about_themselves(who: str) -> None:
    """R6: but a deputy answers for a head without being asked for it."""
    works = Works(1)
    works.worker("stranger", works.office)
    works.works.deputies.add(works.workers[0])
    review = works.start()
    by = {"w0": works.workers[0], "dora": works.dora, "officer": works.officer}.get(who)
    asker = actor(by) if by is not None else actor(Account.objects.get(username="stranger@city.example").person)
    if who == "dora":
        review_answers.keep(row(review, "w0"), actor=asker, now=START)
        with pytest.raises(NotPermitted):
            review_answers.keep(row(review, "dora"), actor=asker, now=START)
        return
    with pytest.raises(NotPermitted):
        review_answers.keep(row(review, "w0"), actor=asker, now=START)


@pytest.mark.rule("P-05, R6", "Reviewers never answer about their own access, or about access that they alone granted.")
def test_what_somebody_alone_granted_they_do_not_review() -> None:
    """The first tier goes to somebody else, and the guard says no."""
    works = Works(1)
    works.hold(works.workers[0], "examiner", by="hank")
    review = works.start("duties")
    asked = row(review, "w0")
    assert asked.part.reviewer == works.dora or asked.part.reviewer == works.top
    with pytest.raises(NotPermitted, match="alone"):
        review_answers.keep(replace_part(asked, works), actor=actor(works.hank), now=START, reason=WHY)


def replace_part(asked: ReviewRow, works: Works) -> ReviewRow:
    """As if the row were asked of hank all the same."""
    type(asked.part).objects.filter(pk=asked.part.pk).update(reviewer=works.hank)
    return ReviewRow.objects.select_related("review", "part__department").get(pk=asked.pk)


def test_a_role_is_kept_with_a_new_justification_and_ended_at_once() -> None:
    """R5: of the first tier; nothing is kept together there (R3)."""
    works = Works(2)
    for who in works.workers:
        works.hold(who, "examiner")
    review = works.start("duties")
    with pytest.raises(Unusable):
        review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START, reason="yes")
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START, reason=WHY)
    with pytest.raises(Conflict, match="one by one"):
        review_answers.keep_rest(part(review, "hank"), actor=actor(works.hank), now=START)
    review_answers.revoke(row(review, "w1"), actor=actor(works.hank), reason="No cases any more.", now=START)
    assert RoleAssignment.objects.get(person=works.workers[1]).ended == from_ms(START)
    sweep(START + UNDO_MS + 5_000)
    sweep(START + 2 * UNDO_MS)
    assert {row(review, w).state for w in ("w0", "w1")} == {"verified"}


@pytest.mark.rule(
    "P-05, R3",
    "Unremarkable rows can be kept together only after all others are answered, and never in the first tier.",
)
def test_the_rest_is_kept_together_only_when_everything_else_is_answered() -> None:
    works = Works(3)
    works.worker("never", used=False)
    review = works.start()
    with pytest.raises(Conflict, match="wait for an answer first"):
        review_answers.keep_rest(part(review, "hank"), actor=actor(works.hank), now=START)
    review_answers.revoke(row(review, "never"), actor=actor(works.hank), reason="Never used it.", now=START)
    assert review_answers.keep_rest(part(review, "hank"), actor=actor(works.hank), now=START) == 4
    assert Entry.objects.get(act="review.keep").facts["people"] == ["dora", "w0", "w1", "w2"]


def test_what_is_out_of_order_is_kept_with_a_reason_only() -> None:
    """R3."""
    works = Works(0)
    works.worker("never", used=False)
    review = works.start()
    with pytest.raises(Unusable):
        review_answers.keep(row(review, "never"), actor=actor(works.hank), now=START)
    review_answers.keep(row(review, "never"), actor=actor(works.hank), now=START, reason="Comes back from training in May.")


def test_keep_is_taken_back_until_it_is_carried_out() -> None:
    works = Works(1)
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    with pytest.raises(Conflict):
        review_answers.undo(row(review, "w0"), actor=actor(works.dora), now=START)
    review_answers.undo(row(review, "w0"), actor=actor(works.hank), now=START + 1, reason="It was the wrong one.")
    assert Entry.objects.get(act="review.undo").reason == "It was the wrong one."
    assert row(review, "w0").state == "open" and row(review, "w0").by is None
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START + 2)
    sweep(START + UNDO_MS + 2)
    with pytest.raises(Conflict):
        review_answers.undo(row(review, "w0"), actor=actor(works.hank), now=START + UNDO_MS + 3)


def test_the_second_of_two_answers_hears_the_news() -> None:
    works = Works(1)
    review = works.start()
    seen = row(review, "w0")
    review_answers.keep(row(review, "w0"), actor=actor(works.dora), now=START)
    with pytest.raises(Conflict, match="is answered by now"):
        review_answers.revoke(seen, actor=actor(works.hank), reason="Not needed now.", now=START)


@pytest.mark.rule("P-05, R7", "A delegate of a reviewer is named with a reason and an end, and cannot delegate further.")
def test_standing_in_has_a_reason_an_end_and_one_hop() -> None:
    """Both names stay; whoever stands in hands it on to nobody; it ends by itself."""
    works = Works(2)
    sub = works.workers[1]
    review = works.start()
    mine = part(review, "hank")
    with pytest.raises(Unusable):
        reassignment.delegate(mine, sub, day(5), actor=actor(works.hank), reason="away", now=START)
    with pytest.raises(Unusable):
        reassignment.delegate(mine, sub, day(30), actor=actor(works.hank), reason="Away for two weeks.", now=START)
    reassignment.delegate(mine, sub, day(5), actor=actor(works.hank), reason="Away until Friday.", now=START)
    with pytest.raises(Conflict):
        reassignment.delegate(mine, works.dora, day(5), actor=actor(sub), reason="I am away, too.", now=START)
    review_answers.keep(row(review, "w0"), actor=actor(sub), now=day(1))
    entry = Entry.objects.get(act="review.keep")
    assert (entry.person, entry.behalf) == ("w1", "hank")
    with pytest.raises(NotPermitted):
        review_answers.keep(row(review, "dora"), actor=actor(sub, day(6)), now=day(6))


def test_what_cannot_be_carried_out_says_failed_and_is_tried_again() -> None:
    """R12: decided is not done."""
    works = Works(1)
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    works.workers[0].episodes.update(ended=from_ms(START).date())
    sweep(START + UNDO_MS)
    found = row(review, "w0")
    assert found.state == "failed" and "does not work for the city" in found.failure
    assert Entry.objects.filter(act="review.failed").count() == 1
    works.workers[0].episodes.update(ended=None)
    enforcement.retry(enforcement.locked(found.pk), actor=actor(works.officer), now=START + UNDO_MS + 1)
    sweep(START + UNDO_MS + 5_000)
    assert row(review, "w0").state == "verified"


@pytest.mark.rule("P-05, R12", "Effects of decisions are checked where entry points read them; a difference is a visible failure.")
def test_reality_is_looked_up_again_and_a_difference_is_failed() -> None:
    """Somebody has put back what was ended."""
    works = Works(1)
    review = works.start()
    review_answers.revoke(row(review, "w0"), actor=actor(works.hank), reason="Has left the counter.", now=START)
    Authorization.objects.filter(person=works.workers[0]).update(state="active")
    sweep(START + 5_000)
    found = row(review, "w0")
    assert found.state == "failed" and found.failure == "The access is still in force."


@pytest.mark.rule("P-05, R14", "More than twenty keeps within a minute are reported as haste.")
def test_haste_is_seen_in_a_minute_of_many_keeps() -> None:
    """More than twenty a minute; spread out they are none."""
    assert keeps_per_minute([n * 2_900 for n in range(40)]) == 21
    assert keeps_per_minute([n * 3_100 for n in range(40)]) == 20
    assert keeps_per_minute([]) == 0 and keeps_per_minute([5]) == 1


def test_an_end_within_a_day_is_not_waited_for() -> None:
    works = Works(1)
    Authorization.objects.filter(person=works.workers[0]).update(until=NOW + timedelta(hours=9))
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=replace(actor(works.hank)), now=START, reason="Is needed for another year.")
    assert epoch_ms(Authorization.objects.get(person=works.workers[0]).until) > START + 300 * DAY_MS


@pytest.mark.rule(
    "P-05, R3",
    "Rows with the same exceptions are answered together with one reason, all or none; a changed row and a role are not.",
)
def test_rows_that_are_alike_get_one_answer_with_one_reason() -> None:
    works = Works(1)
    for uid in ("a", "b", "c"):
        works.worker(uid, used=False)
    review = works.start()
    asked = part(review, "hank")
    alike = reviewer_screen.alike_rows(asked, ["never"], "hank")
    assert [r.asked["uid"] for r in alike] == ["a", "b", "c"]
    others = [*alike, row(review, "w0")]
    with pytest.raises(Unusable, match="alike"):
        review_answers.answer_alike(others, "revoke", actor=actor(works.hank), reason=WHY, now=START)
    with pytest.raises(NotPermitted):
        review_answers.answer_alike(alike, "revoke", actor=actor(works.workers[0]), reason=WHY, now=START)
    ReviewRow.objects.filter(pk=alike[1].pk).update(state="silent")
    ReviewRow.objects.filter(pk=alike[2].pk).update(state="moot")
    with pytest.raises(Conflict):
        review_answers.answer_alike(alike, "revoke", actor=actor(works.hank), reason=WHY, now=START)
    assert row(review, "a").state == "open", "all or none"
    ReviewRow.objects.filter(pk__in=[r.pk for r in alike]).update(state="open")
    assert review_answers.answer_alike(alike[:2], "revoke", actor=actor(works.hank), reason=WHY, now=START) == 2
    assert review_answers.answer_alike(alike[2:], "keep", actor=actor(works.hank), reason=WHY, now=START) == 1
    found = {uid: row(review, uid) for uid in ("a", "b", "c")}
    assert {uid: (r.answer, r.reason, r.bulk) for uid, r in found.items()} == {
        "a": ("revoke", WHY, True), "b": ("revoke", WHY, True), "c": ("keep", WHY, True),
    }  # fmt: skip
    assert not Authorization.objects.filter(person__uid__in=["a", "b"], state="active").exists()


def test_roles_are_never_answered_together() -> None:
    works = Works(2)
    for who in works.workers:
        works.hold(who, "auditor")
    review = works.start("duties")
    rows = list(ReviewRow.objects.select_related("review").filter(review=review, person__in=works.workers))
    with pytest.raises(Conflict, match="one by one"):
        review_answers.answer_alike(rows[:1], "keep", actor=actor(works.hank), reason=WHY, now=START)
