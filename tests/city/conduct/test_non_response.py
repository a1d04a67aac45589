"""Reminders, who steps in, the deadline and what silence does, the breaker, moot rows, new rounds, the end (P-05; R8 to R14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from city.conduct.asked import START, Works, actor, day, part, quiet, row, sweep
from city.identity import staff
from city.identity.staff import NOW
from civicmail.city.conduct import circuit_breaker, review_item_states
from civicmail.city.conduct.actions import daily_mail, non_response, review_answers, review_schedule, running_reviews
from civicmail.city.conduct.circuit_breaker import Suspension
from civicmail.city.conduct.models import Essential, Review, ReviewPart, ReviewStep
from civicmail.city.conduct.queries import reviews
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.actions import suspensions
from civicmail.city.identity.actions.access_end import end_access
from civicmail.city.identity.models import Authorization, AutoReply
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db


def test_only_who_has_open_rows_is_reminded_once_on_four_days() -> None:
    """R9: seven, three and one day before, and on the last day; one message a person, none for whoever is done."""
    works = Works(2)
    staff.authorized(works.hank, staff.mailbox("hank@city.example", works.works, works.hank), works.hank.episodes.get(), works.top)
    first, second = works.start(), works.start(now=START + 1)
    for n in range(15):
        sweep(day(n + 0.2))
        sweep(day(n + 0.3))
    told = Notice.objects.filter(key__startswith=f"review-reminder:{works.hank.pk}:").order_by("key")
    assert [n.key[-10:] for n in told] == ["2026-03-09"], "on day ten the next head has replaced him"
    assert told[0].text.count("open, by 16 March 2026") == 2, "both reviews in one"
    assert {s.words for s in ReviewStep.objects.filter(review__in=[first, second], step="reminded")} == {
        "2026-03-09", "2026-03-13", "2026-03-15", "2026-03-16",
    }  # fmt: skip


@pytest.mark.rule("P-05, R9", "An officer reminds one reviewer with open rows, once a day; the others are reminded as planned.")
def test_an_officer_reminds_one_reviewer_once_a_day() -> None:
    works = quiet(1)
    review = works.start()
    asked = ReviewPart.objects.select_related("review", "department").get(review=review, reviewer=works.hank)
    with pytest.raises(NotPermitted):
        running_reviews.remind_reviewer(asked, actor=actor(works.hank), now=day(6.2))
    assert running_reviews.remind_reviewer(asked, actor=actor(works.officer), now=day(6.2)) == 1
    with pytest.raises(Conflict, match="today already"):
        running_reviews.remind_reviewer(asked, actor=actor(works.officer), now=day(6.2))
    told = Notice.objects.filter(key__startswith=f"review-reminder:{works.hank.pk}:")
    assert told.count() == 1 and "3 open" in told.get().text
    (standing,) = (s for s in reviews.standings(review) if s.part == asked)
    assert (standing.open, standing.answered, standing.reminded) == (3, 0, from_ms(day(6.2)).date())
    sweep(day(7.2))
    assert told.count() == 2, "the planned one comes all the same"


@pytest.mark.rule("P-05", "A review of which a person was reminded today is not in their daily mail again.")
def test_a_reminder_and_the_daily_mail_do_not_say_the_same_on_one_day() -> None:
    """On the day of a reminder the daily mail leaves that review out, and only on that day."""
    works = quiet(1)
    works.start()

    def waits(at: int) -> bool:
        return any(task.route == "access-review" for group in daily_mail.waiting_tasks(works.hank, at) for task in group.tasks)

    assert waits(day(7.1))
    sweep(day(7.2))
    assert not waits(day(7.2))
    assert waits(day(8.2))


@pytest.mark.rule("P-05, R9", "Only who has open rows is reminded, once a day and person, on four days.")
def test_whoever_is_done_hears_nothing() -> None:
    works = quiet(1)
    review = works.start()
    for uid in ("idle", "w0", "dora"):
        review_answers.keep(row(review, uid), actor=actor(works.hank), now=START, reason="Is needed as before.")
    sweep(day(7.2))
    assert not Notice.objects.filter(key__startswith=f"review-reminder:{works.hank.pk}:").exists()


@pytest.mark.rule(
    "P-05, R10",
    "On day 7 the next head joins, and on day 10 replaces a silent reviewer; the deadline stays, and a new round has only "
    "open rows.",
)
def test_the_next_head_joins_and_replaces_and_the_deadline_stays() -> None:
    """Day 7 and day 10, by the clock."""
    works = quiet()
    review = works.start()
    sweep(day(6.9))
    assert part(review, "hank").joined is None
    sweep(day(7))
    assert part(review, "hank").joined == works.top
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=day(8))
    sweep(day(10))
    found = part(review, "hank")
    assert found.replaced == from_ms(day(10))
    with pytest.raises(Exception, match="Another person must answer"):
        review_answers.keep(row(review, "w1"), actor=actor(works.hank, day(11)), now=day(11))
    review_answers.keep(row(review, "w1"), actor=actor(works.top, day(11)), now=day(11))
    before = review.deadline
    review.refresh_from_db()
    assert review.deadline == before
    assert [s.step for s in found.steps.exclude(step="reminded")] == ["asked", "joined", "replaced"]


def test_somebody_who_left_is_replaced_at_once() -> None:
    """R8: reviewers are not frozen."""
    works = quiet()
    review = works.start()
    end_access(works.hank, reason="Retired after thirty years.", when=day(1), actor=actor(works.officer), now=day(1))
    Account.objects.filter(person=works.hank).update(is_active=False)
    works.hank.episodes.update(ended=from_ms(day(1)).date())
    sweep(day(1))
    taken = row(review, "w0").part
    assert taken.reviewer == works.top, "the deputy's own row is in that part, so not dora"
    assert taken.steps.get(step="taken-over").words == "in place of Hank Test"


@pytest.mark.rule("P-05, R11", "Silence suspends only what is out of order, and ends it fourteen days later.")
def test_silence_suspends_what_is_out_of_order_and_nothing_else() -> None:
    """At the deadline; ended fourteen days later."""
    works = quiet()
    review = works.start()
    sweep(day(13.9))
    assert row(review, "idle").state == "open"
    sweep(day(14.7))
    found = Authorization.objects.filter(review_rows__review=review).values_list("person__uid", "state")
    assert {uid for uid, state in found if state == "suspended"} == {"idle"}
    assert row(review, "w0").state == "silent" and row(review, "idle").state == "suspended"
    sweep(day(28))
    assert Authorization.objects.get(person__uid="idle").state == "suspended"
    sweep(day(28.8))
    assert Authorization.objects.get(person__uid="idle").state == "revoked"
    assert {uid for uid, state in found.all() if state != "active"} == {"idle"}
    sweep(day(28.9))
    review.refresh_from_db()
    assert review.state == "closed"


@pytest.mark.rule("P-05, R11", "A late answer restores access that non-response has suspended, until it has ended.")
def test_a_late_answer_puts_it_in_force_again() -> None:
    """Until silence has ended it."""
    works = quiet()
    review = works.start()
    sweep(day(14.7))
    review_answers.keep(row(review, "idle"), actor=actor(works.top, day(20)), now=day(20), reason="Was ill, is back now.")
    right = Authorization.objects.get(person__uid="idle")
    assert right.state == "active" and row(review, "idle").late
    sweep(day(29))
    right.refresh_from_db()
    assert right.state == "active" and row(review, "idle").state == "verified"


def test_the_breaker_stops_silence_and_an_officer_applies_it_in_batches() -> None:
    """R11: four of fifteen are more than a tenth; the office hears of it."""
    works = Works(10)
    for n in range(4):
        works.worker(f"idle{n}", used=False)
    review = works.start()
    sweep(day(14.7))
    rows = review.rows.filter(person__uid__startswith="idle")
    assert {r.state for r in rows} == {"stopped"} and not Authorization.objects.filter(state="suspended").exists()
    told = Notice.objects.get(key__startswith=f"review:{review.pk}:tripped")
    assert told.to == "officer@city.example" and "4 of 15" in told.text
    officer = actor(works.officer, day(15))
    assert non_response.apply_batch(review, works.works, actor=officer, reason="Looked at each of the four.", now=day(15)) == 1
    sweep(day(15))
    assert Authorization.objects.filter(state="suspended").count() == 1
    assert non_response.leave(review, works.works, actor=officer, reason="The others are on a course until May.", now=day(15)) == 3
    with pytest.raises(Conflict):
        non_response.leave(review, works.works, actor=officer, reason="The others are on a course until May.", now=day(15))


def test_an_essential_mailbox_is_never_shut_by_silence() -> None:
    """R11."""
    works = quiet()
    box = Authorization.objects.get(person__uid="idle").mailbox
    Essential.objects.create(mailbox=box, reason="The flood desk.", by="officer", at=NOW)
    review = works.start()
    sweep(day(14.7))
    assert row(review, "idle").state == "stopped"
    officer = actor(works.officer, day(15))
    with pytest.raises(Conflict, match="essential"):
        non_response.apply_batch(review, works.works, actor=officer, reason="Looked at it with the desk.", now=day(15))
    done = non_response.apply_batch(
        review, works.works, actor=officer, reason="Looked at it with the desk.", now=day(15), essential=True
    )
    assert done == 1


@pytest.mark.rule(
    "P-05, R11",
    "Silence that would suspend more than a tenth of a department, or an essential mailbox, stops; an officer applies it "
    "in batches.",
)
@given(st.lists(st.tuples(st.integers(1, 30), st.sampled_from("ab"), st.booleans()), max_size=40), st.integers(0, 60))
def test_the_breaker_always_trips(rows: list[tuple[int, str, bool]], people: int) -> None:
    """Whatever silence would suspend, never more than a tenth of a department, nor an essential mailbox."""
    shutting = [Suspension(n, person, code, essential) for n, (person, code, essential) in enumerate(rows)]
    stopped = circuit_breaker.tripped_departments(shutting, {"a": people, "b": people})
    for code in "ab":
        through = [s for s in shutting if s.department == code and code not in stopped]
        assert len({s.person for s in through}) * 10 <= people and not any(s.essential for s in through)


def test_many_small_reviews_are_no_way_past_the_breaker() -> None:
    """R11: what silence shut lately counts."""
    works = quiet(20)
    works.worker("idle2", used=False)
    works.worker("idle3", used=False)
    for n, uid in enumerate(("idle", "idle2", "idle3")):
        review = review_schedule.start_now(
            "everyone", actor=actor(works.officer), reason="One person only, for a test.", now=START + n
        )
        review.rows.exclude(person__uid=uid).update(state="moot")
    sweep(day(14.7))
    assert Authorization.objects.filter(state="suspended").count() == 2


def test_nobody_asked_is_not_no_answer() -> None:
    """R8: where nobody could be asked silence does nothing."""
    works = quiet()
    for who in (works.hank, works.dora, works.top, works.officer):
        Account.objects.filter(person=who).update(is_active=False)
    review = works.start_anyhow()
    sweep(day(14.7))
    found = row(review, "idle")
    assert (found.state, found.failure) == ("silent", non_response.NOBODY)
    assert not Authorization.objects.filter(state="suspended").exists()


@pytest.mark.rule("P-05, R13", "A row about access that has ended is moot, and no longer asked about.")
def test_what_ended_meanwhile_is_moot_and_nobody_is_asked_any_more() -> None:
    """The holder left; who came meanwhile is in the next one."""
    works = quiet(2)
    review = works.start()
    end_access(works.workers[0], reason="Moved to another city.", when=day(1), actor=actor(works.officer), now=day(1))
    works.worker("new")
    sweep(day(1))
    found = row(review, "w0")
    assert found.state == "moot" and "revoked" in found.failure
    assert not review.rows.filter(person__uid="new").exists()
    assert works.start(now=day(2)).rows.filter(person__uid="new").exists()


def test_what_an_officer_resumed_is_not_ended_by_silence() -> None:
    """R13."""
    works = quiet()
    review = works.start()
    sweep(day(14.7))
    suspensions.resume(row(review, "idle").person, actor=actor(works.officer, day(15)), reason="Called and is needed.", now=day(15))
    sweep(day(29))
    assert row(review, "idle").state == "moot" and Authorization.objects.get(person__uid="idle").state == "active"


def test_a_new_round_asks_what_was_left_open_and_nothing_else() -> None:
    """R10."""
    works = quiet(3)
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    with pytest.raises(Conflict, match="after the deadline"):
        review_schedule.next_round(review, actor=actor(works.officer), reason="Asks again what is open.", now=START)
    sweep(day(14.7))
    again = review_schedule.next_round(review, actor=actor(works.officer, day(16)), reason="Asks again what is open.", now=day(16))
    asked = {r.asked["uid"] for r in again.rows.all()}
    assert again.round == 2 and asked == {"w1", "w2", "dora", "idle", "hank", "officer"} - shut(review)
    with pytest.raises(Conflict, match="new round"):
        review_answers.keep(row(review, "w1"), actor=actor(works.top, day(16)), now=day(16))


def shut(review: Review) -> set[str]:
    """Whom silence suspended: that is an answer of its own."""
    return {r.asked["uid"] for r in review.rows.filter(state="suspended")}


def test_a_review_closes_when_everything_was_answered_and_verified() -> None:
    works = Works(1)
    review = works.start()
    for uid, by in (("w0", works.hank), ("dora", works.hank)):
        review_answers.keep(row(review, uid), actor=actor(by), now=START)
    review.rows.filter(person__uid="officer").update(state="moot")
    sweep(day(1))
    sweep(day(1.1))
    review.refresh_from_db()
    assert review.state == "closed" and len(review.digest) == 64
    closed = Entry.objects.get(act="review.close")
    assert closed.facts["sha256"] == review.digest and closed.facts["counts"]["answer keep"] == 2


STATEMENTS = (
    "DELETE FROM conduct_review",
    "DELETE FROM conduct_reviewpart",
    "DELETE FROM conduct_reviewrow",
    "DELETE FROM conduct_reviewstep",
    "UPDATE conduct_reviewstep SET words = 'x'",
    "UPDATE conduct_reviewrow SET asked = '{}'",
    "UPDATE conduct_reviewrow SET exceptions = '[]'",
)
CLOSED = (
    "UPDATE conduct_reviewrow SET reason = 'x'",
    "UPDATE conduct_reviewpart SET named = 'x'",
    "UPDATE conduct_review SET digest = 'x'",
)


@pytest.mark.rule(
    "P-05, R14",
    "Rows of a review cannot be removed, questions cannot be changed, and a closed review cannot be changed at all.",
)
@pytest.mark.parametrize("statement", STATEMENTS + CLOSED)
def test_evidence_is_removed_or_changed_by_nobody(statement: str) -> None:
    """The database refuses it to everybody; once closed, nothing changes at all."""
    works = Works(1)
    review = works.start()
    if statement in CLOSED:
        Review.objects.filter(pk=review.pk).update(state="closed")
    with pytest.raises(DatabaseError, match="evidence and stays"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


class Table(RuleBasedStateMachine):
    """Walks the table of states: from open every way ends, and no answer is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.state = "open"
        self.walked: list[str] = []

    @rule(n=st.integers(0, 10))
    def go(self, n: int) -> None:
        ways = review_item_states.actions(self.state)
        if ways:
            action = ways[n % len(ways)]
            self.state = review_item_states.step(self.state, action)
            self.walked.append(action)

    @rule(action=st.sampled_from(sorted({s.action for s in review_item_states.STEPS})))
    def refuse(self, action: str) -> None:
        if action not in review_item_states.actions(self.state):
            with pytest.raises(Conflict):
                review_item_states.step(self.state, action)

    @invariant()
    def holds(self) -> None:
        assert self.state in review_item_states.STATES
        if self.state == "verified":
            assert "carry" in self.walked and self.walked[-1] == "verify"
        if self.state == "suspended":
            assert self.walked[-1] == "carry" and ("suspend" in self.walked or "apply" in self.walked)
        if self.state in ("moot", "verified"):
            assert review_item_states.actions(self.state) == ()


Table.TestCase.settings = settings(max_examples=25, stateful_step_count=25)
test_the_table_is_walked = Table.TestCase


def test_every_state_is_reached_and_has_a_word() -> None:
    reached, waiting = {"open"}, ["open"]
    while waiting:
        at = waiting.pop()
        for step in review_item_states.STEPS:
            if step.source == at and step.target not in reached:
                reached.add(step.target)
                waiting.append(step.target)
    assert reached == set(review_item_states.STATES) == set(review_item_states.WORDS)
    assert from_ms(day(0)) - timedelta(hours=1) == NOW


def test_while_a_head_is_away_the_deputy_is_reminded() -> None:
    """R8: nobody has to ask anybody for it."""
    works = quiet(1)
    works.start()
    box = Authorization.objects.get(person=works.hank).mailbox
    AutoReply.objects.create(
        mailbox=box,
        kind="own",
        text="Back on Monday.",
        starts=from_ms(day(1)),
        until=from_ms(day(30)),
        by="hank",
        made=from_ms(day(1)),
    )
    sweep(day(7.2))
    told = set(Notice.objects.filter(key__startswith="review-reminder:").values_list("to", flat=True))
    assert "dora@city.example" in told and "hank@city.example" not in told
