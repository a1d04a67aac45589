"""What pages and other rooms ask about reviews, and the screen of a reviewer (P-05; R2, R3, R4)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from city.conduct.asked import START, Works, actor, day, part, row, sweep
from city.identity import staff
from city.identity.staff import NOW
from civicmail.city.conduct.actions import review_answers
from civicmail.city.conduct.models import ReviewPart, ReviewRow
from civicmail.city.conduct.queries import reviews
from civicmail.city.conduct.review_plans import suspends
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.identity.models import Authorization
from pages.world import signed_in

pytestmark = pytest.mark.django_db


def visit(who: Person) -> Client:
    client = Client()
    client.cookies["sessionid"] = signed_in(who)
    return client


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


@pytest.mark.rule(
    "P-05, R10",
    "Reviewers see waiting rows, without their own and answered ones; the counts of a department follow them.",
)
def test_what_waits_is_told_to_whoever_is_asked_and_to_nobody_else() -> None:
    """Open rows and those out of order; nothing of one's own, nothing that was answered."""
    works = Works(2)
    works.worker("never", used=False)
    review = works.start()
    mine = reviews.waiting_for(works.hank.uid, START)
    assert [(w.review, w.department, w.open, w.exceptions) for w in mine] == [(review, "works", 4, 1)]
    assert [w.open for w in reviews.waiting_for(works.dora.uid, START)] == [3], "a deputy sees the same, but not herself"
    assert reviews.waiting_for(works.workers[0].uid, START) == []
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    assert reviews.waiting_for(works.hank.uid, START)[0].open == 3
    (group,) = reviews.tasks(actor(works.hank), START)[:1]
    assert group.tasks[0].state == ("wait", "3 open") and group.tasks[0].args == ("works", review.pk)


@pytest.mark.rule("P-05", "Home and the page of a review count the same rows: those that one is asked about now.")
def test_home_and_the_page_of_a_review_say_the_same() -> None:
    """Neither counts a row about oneself, nor what is asked about later."""
    works = Works(4)
    review = works.start()
    first = part(review, "hank")
    later = ReviewPart.objects.create(
        review=review, department=first.department, reviewer=first.reviewer, named=first.named, role=first.role, turn=1
    )
    ReviewRow.objects.filter(review=review, person__uid="w3").update(part=later)
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    for who, open_, total in ((works.hank, 3, 4), (works.dora, 2, 3)):
        (waiting,) = reviews.waiting_for(who.uid, START)
        shown = text_of(visit(who).get(f"/dept/works/reviews/{review.pk}/"))
        assert (waiting.open, waiting.total) == (open_, total) and f"{open_} of {total} open" in shown


def test_a_department_is_counted_by_what_it_answered() -> None:
    """R10: late and silent ones stand in its report."""
    works = Works(22)
    works.worker("never", used=False)
    review = works.start()
    review_answers.keep(row(review, "w0"), actor=actor(works.hank), now=START)
    review_answers.revoke(row(review, "w1"), actor=actor(works.hank), reason="Has left the counter.", now=START)
    sweep(day(14.7))
    review_answers.keep(row(review, "w2"), actor=actor(works.hank, day(15)), now=day(15))
    found = reviews.of_departments(["works"], NOW, from_ms(day(30)))
    assert (found.asked, found.kept, found.revoked, found.late, found.suspended, found.silent) == (24, 2, 1, 1, 1, 20)
    assert reviews.of_departments(["works"], from_ms(day(1)), from_ms(day(30))).asked == 0


@pytest.mark.usefixtures("frozen", "installed")
def test_the_screen_has_exceptions_first_and_nothing_together_before_they_are_answered() -> None:
    """R3: at most fifty rows, each with its reasons and answers; a finished row is not shown."""
    works = Works(2)
    works.worker("never", used=False)
    staff.authorized(works.hank, staff.mailbox("hank@city.example", works.works, works.hank), works.hank.episodes.get(), works.top)
    review = works.start(now=START - 3_600_000)
    page = visit(works.hank).get(f"/dept/works/reviews/{review.pk}/")
    said = text_of(page)
    assert page.status_code == 200 and "Access review, Works: 4 of 4 open" in said
    assert (
        "never used, since" in said
        and staff.WORDS["duties"] in said
        and "Keep all: not yet, 1 exception must be answered first" in said
    )
    assert said.index("Never Test") < said.index("Dora Test")
    assert f'id="row-{row(review, "hank").pk}"' not in page.content.decode(), "one's own row is somebody else's to answer"
    assert "Keep all 3" not in said
    pk = row(review, "never").pk
    done = visit(works.hank).post(f"/reviews/rows/{pk}/keep/", {"reason": "Comes back from training in May."})
    assert done.status_code == 302 and f"/dept/works/reviews/{review.pk}/" in done["Location"]
    said = text_of(visit(works.hank).get(f"/dept/works/reviews/{review.pk}/"))
    assert "Keep all 3" in said and "3 of 4 open" in said and "Just kept" in said
    assert visit(works.hank).post(f"/reviews/parts/{part(review, 'hank').pk}/rest/").status_code == 302
    said = text_of(visit(works.hank).get(f"/dept/works/reviews/{review.pk}/"))
    assert "all 4 answered" in said
    assert visit(works.workers[0]).get(f"/dept/works/reviews/{review.pk}/").status_code == 403


@pytest.mark.usefixtures("frozen", "installed")
def test_an_answer_without_its_reason_keeps_the_text_and_says_what_is_missing() -> None:
    works = Works(1)
    review = works.start(now=START - 3_600_000)
    pk = row(review, "w0").pk
    page = visit(works.hank).post(f"/reviews/rows/{pk}/end/", {"reason": "gone"})
    assert page.status_code == 422 and "gone" in page.content.decode()
    assert ReviewRow.objects.get(pk=pk).state == "open"
    assert visit(works.hank).post(f"/reviews/rows/{pk}/end/", {"reason": "Gone to another city."}).status_code == 302
    assert visit(works.hank).post(f"/reviews/rows/{pk}/end/", {"reason": "Gone to another city."}).status_code == 409


@pytest.mark.rule(
    "P-05",
    "Unused access is a remark for the reviewer, also in its first thirty days and for a shared mailbox; non-response "
    "does not affect it.",
)
@pytest.mark.usefixtures("frozen", "installed")
def test_what_was_never_used_is_a_remark_that_a_reviewer_decides_on() -> None:
    """Also in its first thirty days, and of a mailbox that several use; silence suspends neither."""
    works = Works(1)
    new = works.worker("new", used=False)
    Authorization.objects.filter(person=new).update(starts=NOW - timedelta(days=3))
    box = staff.mailbox("311@city.example", works.works)
    staff.authorized(works.workers[0], box, works.workers[0].episodes.get(), works.top, role="delegate")
    for tier in ("everyone", "outside"):
        review = works.start(tier)
        unused = [one for one in ReviewRow.objects.filter(review=review) if "unused" in one.exceptions]
        assert [one.exceptions for one in unused] == [["unused"]] and not suspends(unused[0].exceptions)
        said = text_of(visit(works.hank).get(f"/dept/works/reviews/{review.pk}/"))
        assert "Exceptions: 1" in said and ("not used yet, since" in said) is (tier == "everyone") and "not used yet" in said
        with pytest.raises(Conflict):
            review_answers.keep_rest(unused[0].part, actor=actor(works.hank), now=START)
