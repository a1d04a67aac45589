"""Reviews begin: who is asked about what, by dates and by hand (P-05; R1, R2, R3, R4, R8)."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from city.conduct import asked
from city.conduct.asked import START, Works, actor, day, row, sweep
from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.conduct import review_plans, reviewer_assignment
from civicmail.city.conduct.actions import review_schedule
from civicmail.city.conduct.models import Essential, Review, ReviewPart, ReviewRow
from civicmail.city.conduct.queries import review_scope, reviewer_screen
from civicmail.city.conduct.reviewer_assignment import Candidate, Item
from civicmail.city.directory.models import Episode
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Authorization, Usage
from civicmail.city.notices.models import Notice

pytestmark = pytest.mark.django_db


@pytest.mark.rule(
    "P-05, R1",
    "Roles are reviewed each quarter, contractors and function mailboxes twice a year, everyone once; due reviews start "
    "automatically.",
)
def test_every_tier_has_its_months_and_starts_on_a_monday() -> None:
    """Roles each quarter, contractors and function mailboxes twice a year, everybody once."""
    found: list[tuple[str, date]] = []
    today = date(2026, 1, 1)
    while today < date(2027, 1, 1):
        found += [pair for pair in review_plans.due(today) if pair not in found and pair[1].year == 2026]
        today += timedelta(days=7)
    assert {tier: [day.month for t, day in found if t == tier] for tier in ("duties", "outside", "everyone")} == {
        "duties": [1, 4, 7, 10], "outside": [2, 8], "everyone": [5],
    }  # fmt: skip
    assert all(day.weekday() == 0 and day.day <= 7 for _, day in found)


def test_what_is_due_is_planned_ahead_and_begins_on_its_day_once() -> None:
    """R1: the sweep does it, whoever is there; a second round finds nothing."""
    works = Works(1)
    works.hold(works.workers[0], "examiner")
    sweep(MS)
    assert not Review.objects.exists(), "April is further away than the list goes"
    sweep(MS + 10 * DAY_MS)
    planned = Review.objects.get(state="planned")
    assert (planned.tier, planned.planned) == ("duties", date(2026, 4, 6))
    sweep(MS + 34 * DAY_MS)
    assert Review.objects.get(pk=planned.pk).state == "planned"
    sweep(MS + 35 * DAY_MS)
    planned.refresh_from_db()
    assert planned.state == "running" and planned.rows.count() == 2
    assert Entry.objects.filter(act="review.start", object=f"review:{planned.pk}").count() == 1


def test_each_tier_asks_about_its_own_people() -> None:
    """R1: nobody is asked about twice in one tier."""
    works = Works(1)
    carl = works.worker("carl", kind="contractor")
    desk = staff.mailbox("desk@city.example", works.works)
    episode = works.workers[0].episodes.get()
    staff.authorized(works.workers[0], desk, episode, works.hank, role="delegate")
    works.hold(works.workers[0], "examiner")
    outside = {r.asked["mailbox"] for r in works.start("outside").rows.all()}
    assert outside == {"carl@city.example", "desk@city.example"}
    everyone = {r.asked["uid"] for r in works.start("everyone", START + 1).rows.all()}
    assert everyone == {"w0", "dora", "officer"} and carl.uid not in everyone
    roles = {r.asked["duty"] for r in works.start("duties", START + 2).rows.all()}
    assert roles == {"access-officer", "examiner"}


@pytest.mark.rule(
    "P-05, R1",
    "People who moved, are on a long leave, or had a violation decided are reviewed immediately, by the department that "
    "authorized them.",
)
def test_a_change_makes_a_review_of_one_person_once() -> None:
    """Moved, on a long leave; the department that authorized it is asked about all that the person has."""
    works = Works(2)
    mover, away = works.workers
    Episode.objects.filter(person=mover).update(department=works.office)
    Authorization.objects.filter(person=away).update(state="suspended", since=NOW - timedelta(days=40))
    sweep(START)
    made = {r.cause: r for r in Review.objects.filter(tier="micro")}
    assert set(made) == {"moved", "leave"} and made["moved"].person == mover
    only = made["moved"].rows.get()
    assert only.part.department == works.works and "outsider" in only.exceptions
    sweep(START + DAY_MS)
    assert Review.objects.filter(tier="micro").count() == 2


@pytest.mark.rule("P-05, R3, R4, M7", "Each row shows the reason, the approver, the use, and exceptions.")
def test_a_row_says_why_who_how_used_and_what_is_out_of_order() -> None:
    """The four reasons, the approver, the end, the cost, counts; and each exception of the table (R3)."""
    works = Works(0)
    idle = works.worker("idle", used=False)
    Account.objects.filter(person=idle).update(last_login=NOW - timedelta(days=94))
    works.worker("never", used=False)
    soon = works.worker("soon")
    Authorization.objects.filter(person=soon).update(until=NOW + timedelta(days=20), cost=21_250)
    over = works.worker("over", kind="contractor")
    work = Episode.objects.get(person=over)
    assert work.contract is not None
    work.contract.starts, work.contract.ends = NOW.date() - timedelta(days=99), NOW.date() - timedelta(days=1)
    work.contract.save()
    review = works.start()
    found = {r.asked["uid"]: r.exceptions for r in review.rows.all()}
    assert (found["idle"], found["never"], found["soon"], found["dora"]) == (["idle"], ["never"], ["ends"], [])
    assert row(works.start("outside", START + 1), "over").exceptions == ["contract"]
    said = row(review, "soon").asked
    assert said["reasons"] == staff.WORDS and said["approver"] == "Hank Test" and said["cost"] == 21_250
    assert said["until"] == epoch_ms(NOW + timedelta(days=20)) and said["mailbox"] == "soon@city.example" and said["first"]


@pytest.mark.rule("P-05, P-08", "A reviewer sees how often mail was retrieved under the very authorization in question.")
def test_a_row_says_how_often_mail_was_fetched_under_it() -> None:
    """R4: of these ninety days, of this person and this mailbox alone; and on the page."""
    works = Works(0)
    one, two = works.worker("one"), works.worker("two")
    box = Authorization.objects.get(person=one).mailbox
    for days, person, count in ((1, one, 3), (80, one, 4), (99, one, 100), (1, two, 50)):
        Usage.objects.update_or_create(
            person=person, mailbox=box, day=NOW.date() - timedelta(days=days), defaults={"retrieved": count}
        )  # fmt: skip
    review = works.start()
    assert (row(review, "one").asked["retrieved"], row(review, "two").asked["retrieved"]) == (7, 0)
    line = reviewer_screen.screen_row(row(review, "one"), works.hank, START)
    said = re.sub(r"<[^>]+>", "", render_to_string("conduct/reviewrow.html", {"line": line, "screen": {"review": review}}))
    assert "Counted from Dec 2, 2025 to Mar 2, 2026: 0 sent, 0 received, 7 times read" in said and "Last readMar 1, 2026" in said


@pytest.mark.rule("P-05", "A review of one person counts what their mailboxes received, and no others.")
def test_a_review_of_one_person_counts_no_mail_of_others() -> None:
    """What is asked about is counted, and not the use of the whole city, which every change of somebody would cost."""
    works = Works(0)
    boxes = {uid: Authorization.objects.get(person=works.worker(uid)).mailbox for uid in ("one", "two")}
    for count, box in enumerate(boxes.values(), 4):
        Usage.objects.update_or_create(
            person=box.holder, mailbox=box, day=NOW.date() - timedelta(days=1), defaults={"received": count}
        )
    one = boxes["one"]
    assert one.holder is not None
    assert review_scope.known([one.holder.pk], MS, boxes=[one.pk]).use.used.came == {one.pk: (4, 0)}
    review = works.start()
    assert [row(review, uid).asked["received"] for uid in boxes] == [4, 5]


def test_what_changed_since_the_last_answer_is_said() -> None:
    """R4: position, department, end, reasons."""
    works = Works(1)
    first = works.start()
    ReviewRow.objects.filter(pk=row(first, "w0").pk).update(answer="keep")
    Episode.objects.filter(person=works.workers[0]).update(position="Dispatcher")
    second = row(works.start(now=START + DAY_MS), "w0")
    assert second.changed and second.asked["changes"] == ["Position: Clerk → Dispatcher"] and not second.asked["first"]


@pytest.mark.rule(
    "P-05, R8",
    "A review starts even if reviewers are missing: they are determined when it is sent, and a missing reviewer is no "
    "non-response.",
)
def test_a_review_begins_whoever_is_missing() -> None:
    """A head who is switched off is passed over for the deputy, then the next head, then the office."""
    works = Works(1)
    Account.objects.filter(person=works.hank).update(is_active=False)
    assert row(works.start(), "w0").part.reviewer == works.dora
    Account.objects.filter(person=works.dora).update(is_active=False)
    assert row(works.start(now=START + 1), "w0").part.reviewer == works.top
    Account.objects.filter(person=works.top).update(is_active=False)
    assert row(works.start(now=START + 2), "w0").part.reviewer == works.officer
    nobody = works.start(now=START + 3)
    own = row(nobody, "officer").part  # the office's own, whose head has no access
    assert own.reviewer is None and own.steps.get().step == "nobody"
    assert Notice.objects.filter(key__startswith=f"review:{nobody.pk}:nobody").count() == 1


def test_nobody_is_asked_about_themselves_or_their_head_by_a_deputy() -> None:
    """R6: the head's own access is the next head's to answer."""
    works = Works(1)
    episode = works.hank.episodes.get()
    staff.authorized(works.hank, staff.mailbox("hank@city.example", works.works, works.hank), episode, works.top)
    works.accept(works.hank)
    review = works.start()
    assert row(review, "hank").part.reviewer == works.top and row(review, "dora").part.reviewer == works.hank
    own = ReviewRow.objects.filter(review=review, part__reviewer__isnull=False)
    assert all(r.part.reviewer_id != r.person_id for r in own.select_related("part"))


def test_reviewers_hear_once_how_many_questions_there_are() -> None:
    works = Works(2)
    works.hank.refresh_from_db()
    staff.authorized(works.hank, staff.mailbox("hank@city.example", works.works, works.hank), works.hank.episodes.get(), works.top)
    review = works.start()
    told = Notice.objects.get(key=f"review:{review.pk}:asked:{works.hank.pk}")
    assert told.to == "hank@city.example" and "3 people" in told.text and "16 March 2026" in told.text
    assert not any(word in told.text for word in ("W0", "w1@"))


def test_only_the_access_office_starts_one() -> None:
    works = Works(0)
    with pytest.raises(NotPermitted):
        review_schedule.start_now("everyone", actor=actor(works.hank), reason=asked.WHY, now=START)


def test_an_essential_mailbox_is_marked_on_its_rows() -> None:
    works = Works(1)
    box = Authorization.objects.get(person=works.workers[0]).mailbox
    Essential.objects.create(mailbox=box, reason="The city cannot do without it.", by="officer", at=NOW)
    review = works.start()
    assert row(review, "w0").essential and not row(review, "dora").essential


@pytest.mark.rule("P-05, R2", "A reviewer has at most fifty rows at a time, and each row is asked once.")
@settings(max_examples=40)
@given(
    size=st.integers(1, 260),
    people=st.integers(1, 300),
    supervisors=st.integers(0, 8),
    chain=st.lists(st.sampled_from([501, 502, 503, 1, 2]), min_size=0, max_size=4, unique=True),
    present=st.frozensets(st.integers(1, 8), max_size=6),
)
def test_no_reviewer_has_more_than_fifty_rows_at_a_time(
    size: int, people: int, supervisors: int, chain: list[int], present: frozenset[int]
) -> None:
    """However many there are, each row is asked once, of nobody about themselves, fifty at a time."""
    rows = [(1 + 7 * n % people, n % (supervisors + 1)) for n in range(size)]
    whys = ("head", "deputy", "next head", "access officer")
    candidates = [Candidate(p, why) for p, why in zip(chain, whys, strict=False)]
    asking = [Item(n, person, supervisor=above) for n, (person, above) in enumerate(rows)]
    shares = reviewer_assignment.assign(asking, candidates, present)
    reviewer_assignment.number_parts(shares)
    assert sorted(n for s in shares for n in s.rows) == list(range(len(rows)))
    load: dict[tuple[int, int], int] = {}
    for share in shares:
        if share.reviewer is not None:
            key = (share.reviewer.person, share.turn)
            load[key] = load.get(key, 0) + len(share.rows)
            assert all(rows[n][0] != share.reviewer.person for n in share.rows)
    assert max(load.values(), default=0) <= review_plans.MAX_ROWS


def test_a_large_department_is_split_by_supervisors() -> None:
    """R2: sixty people, of whom twenty have a supervisor who is there."""
    works = Works(0)
    above = works.worker("above")
    for n in range(20):
        works.worker(f"s{n}", supervisor=above)
    for n in range(40):
        works.worker(f"p{n}")
    review = works.start(departments=(works.works,))
    parts = {p.named: (p.role, p.rows.count(), p.turn) for p in ReviewPart.objects.filter(review=review)}
    assert parts == {"Above Test": ("supervisor", 20, 0), "Hank Test": ("head", 42, 0)}


def test_the_deadline_is_the_end_of_the_fourteenth_day() -> None:
    review = Works(0).start()
    assert review.deadline is not None and day(14) < epoch_ms(review.deadline) <= day(15)
