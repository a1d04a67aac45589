"""What changes while a review runs: who stood in leaves, who was kept leaves, and who was elected stays (P-05, P-30; R8 to R13)."""

from __future__ import annotations

import pytest

from city.conduct.asked import START, Works, actor, day, part, quiet, row, sweep
from civicmail.city.conduct.actions import non_response, review_answers, review_schedule
from civicmail.city.conduct.queries import reviews
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import suspensions
from civicmail.city.identity.actions.access_end import end_access
from civicmail.city.identity.models import Authorization

pytestmark = pytest.mark.django_db


@pytest.mark.rule("P-05, R8, R10", "A person who answers a review in place of a silent reviewer, and leaves, is replaced as well.")
@pytest.mark.parametrize("leaves", [8, 11])
def test_who_stood_in_for_the_silent_and_leaves_is_replaced_too(leaves: int) -> None:
    """Before day ten or after it; who was silent does not come back by that."""
    works = quiet()
    review = works.start()
    for n in (7, 8, 10, 11):
        if n == leaves:
            Account.objects.filter(person=works.top).update(is_active=False)
            works.top.episodes.update(ended=from_ms(day(n)).date())
        sweep(day(n))
    found = part(review, "hank")
    assert (found.joined, found.replaced) == (works.officer, from_ms(day(10)))
    with pytest.raises(Exception, match="Another person must answer"):
        review_answers.keep(row(review, "w1"), actor=actor(works.hank, day(11)), now=day(11))
    assert review_answers.keep(row(review, "w1"), actor=actor(works.officer, day(11)), now=day(11)).state == "pending"


@pytest.mark.rule("P-30, R11", "Neither silence in a review nor a button of the department shuts out who was elected.")
def test_silence_never_shuts_out_who_was_elected() -> None:
    """A report and silence about it would be a way around the ladder; a department's button is none either."""
    works = Works(22)
    mayor = works.worker("mayor", kind="elected", used=False)
    review = works.start()
    sweep(day(16))
    found = row(review, "mayor")
    assert "never" in found.exceptions and (found.state, found.failure) == ("silent", non_response.ELECTED)
    assert Authorization.objects.get(person=mayor).state == "active"
    with pytest.raises(Conflict, match="never silenced"):
        suspensions.suspend(mayor, actor=actor(works.officer), reason="Writes too much.", now=day(16))


@pytest.mark.rule(
    "P-30",
    "A department cannot end the mail access of an elected official during the term, neither by an end nor by a review.",
)
def test_a_department_ends_nobodys_mail_who_was_elected_while_the_office_lasts() -> None:
    """Neither on the page of the person nor as an answer of a review; the access office records that it is over."""
    works = Works(3)
    mayor = works.worker("mayor", kind="elected")
    review, head = works.start(), actor(works.hank)
    mine, own = row(review, "mayor"), Authorization.objects.get(person=mayor)
    for end in (
        lambda: review_answers.revoke(mine, actor=head, reason="Asks too many questions.", now=START),
        lambda: review_answers.change(mine, day(1), actor=head, reason="Asks too many questions.", now=START),
        lambda: end_access(mayor, reason="Asks too many questions.", when=START, actor=head, now=START),
        lambda: suspensions.revoke(own, actor=head, reason="Asks too many questions.", now=START),
    ):
        with pytest.raises(NotPermitted, match="as long as the office lasts"):
            end()
    assert row(review, "mayor").state == "open"
    end_access(mayor, reason="The term is over.", when=START, actor=actor(works.officer), now=START)
    assert Authorization.objects.get(person=mayor).state == "revoked"


@pytest.mark.rule("P-05, R13", "An answer whose access was ended otherwise before it took effect is moot, and not a failure.")
def test_what_was_kept_and_then_ended_by_somebody_else_is_moot_and_no_failure() -> None:
    """Within the minutes in which an answer can be taken back, the person leaves."""
    works = quiet()
    review = works.start()
    kept = review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    end_access(kept.person, reason="Leaves the city at noon.", when=START + 1000, actor=actor(works.officer), now=START + 1000)
    sweep(START + 600_000)
    found = row(review, "w0")
    assert (found.state, found.answer) == ("moot", "keep") and "revoked" in found.failure


@pytest.mark.rule(
    "P-05, R8, R10, R11",
    "Access suspended by non-response can still be answered during a new round, also by a successor of its reviewers.",
)
def test_what_silence_suspended_waits_for_somebody_who_is_there_also_beside_a_new_round() -> None:
    """A new round asks about what silence left alone; the suspended ones are answered where they were asked,
    by whoever is there when both reviewers have left."""
    works = quiet()
    review = works.start()
    sweep(day(15))
    assert row(review, "idle").state == "suspended"
    again = review_schedule.next_round(review, actor=actor(works.officer, day(16)), reason="They were at sea.", now=day(16))
    assert not again.rows.filter(person__uid="idle").exists()
    assert review.pk in {w.review.pk for w in reviews.waiting_for(works.hank.uid, day(16)) if w.late}
    for gone in (works.hank, works.top):
        Account.objects.filter(person=gone).update(is_active=False)
        gone.episodes.update(ended=from_ms(day(16)).date())
    sweep(day(17))
    assert review.pk in {w.review.pk for w in reviews.waiting_for(works.dora.uid, day(17)) if w.late}
    found = review_answers.keep(row(review, "idle"), actor=actor(works.dora, day(17)), reason="Is back on Monday.", now=day(17))
    assert found.state == "done" and Authorization.objects.get(person__uid="idle").state == "active"
