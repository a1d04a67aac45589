"""Who decides about files changes while they wait: nobody is asked in vain, or decides who may no more (P-08, P-22)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.directory.models import Department, Episode, Mailbox
from civicmail.city.guard import guard
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import AutoReply
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.notices.models import Notice
from civicmail.desk.holding import approvers
from civicmail.desk.holding import tasks as approvals
from civicmail.desk.holding.actions import approval_requests, standing_approvals
from civicmail.desk.holding.actions.standing_approvals import FileScope
from civicmail.desk.holding.models import Approval, Containment
from desk.holding.leaving import ACME, DOT, Bureau
from desk.holding.test_approvals import HOUR, actor, answer, states
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town

pytestmark = pytest.mark.django_db


def again(row: Approval) -> Approval:
    return Approval.objects.get(pk=row.pk)


def asked(files: Bureau, row: Approval) -> list[str]:
    """Whoever is asked may answer, too."""
    row = again(row)
    people = approvers.current_approvers(row, files.desk.now)
    for person in people:
        assert guard.may(
            actor_of(person.account, "", files.desk.now), "approval.answer", approvers.resource(row), now=files.desk.now
        )
    return [p.uid for p in people]


def told(begin: str) -> list[str]:
    return list(Notice.objects.filter(key__startswith=begin).order_by("pk").values_list("to", flat=True))


def leave(city: Town, now: int, *keys: str) -> None:
    Episode.objects.filter(person__in=[city.people[key] for key in keys]).update(ended=from_ms(now).date())


def offices(files: Bureau) -> approval_requests.PendingFiles:
    """Of a message of an office's mailbox; nobody is known to have sent it."""
    capture = files.asked("crew0", ACME).capture
    Approval.objects.all().delete()
    files_ = (("1.2", "file", 9, "ab" * 32),)
    return approval_requests.PendingFiles(capture, "streets@city.example", "public-works", files.desk.now, files_, ((0, ACME),))


@pytest.mark.rule("P-22", "A head who is replaced decides about own files no more, at once.")
def test_a_head_who_is_replaced_decides_about_own_files_no_more(files: Bureau, city: Town) -> None:
    """At once; whoever leads the department by then is asked."""
    row = files.asked("head", ACME)
    assert row.own and asked(files, row) == ["p-head"]
    public = Department.objects.get(code="public-works")
    public.deputies.clear()
    Department.objects.filter(pk=public.pk).update(head=city.people["deputy"])
    with pytest.raises(NotPermitted, match="send yourself"):
        answer(files, again(row), "head")
    files.hear(60_000)
    assert not again(row).own and asked(files, row) == ["p-deputy"]
    assert approvals.count_pending(actor(files, "head")) == 0 and approvals.count_pending(actor(files, "deputy")) == 1
    assert told("approval-waits:") == ["rosa.hale@city.example", "kim.boyd@city.example"]
    answer(files, again(row), "deputy")
    assert files.copies(row) == {ACME: "goes"}


@pytest.mark.rule("P-22", "Requests of a merged department are decided where their sender works now.")
def test_files_of_a_merged_department_are_asked_about_where_its_people_work_now(files: Bureau, city: Town) -> None:
    """Who answered for it may not any more; who answers for whoever sent them may."""
    row = files.asked("crew0", ACME)
    Episode.objects.filter(person=city.people["crew0"]).update(department=city.departments["fire"])
    Department.objects.filter(code="public-works").update(closed=from_ms(files.desk.now).date())
    with pytest.raises(NotPermitted):
        answer(files, again(row), "head")
    files.hear(60_000)
    assert (again(row).department.code, asked(files, row)) == ("fire", ["p-chief"])
    files.hear(60_000)
    assert Entry.objects.filter(act="approval.passed-on", object=f"approval:{row.pk}").count() == 1
    assert told("approval-waits:") == ["rosa.hale@city.example", "ed.marsh@city.example"]
    answer(files, again(row), "chief")
    assert files.copies(row) == {ACME: "goes"}


@pytest.mark.rule("P-22, P-29", "Policy officers are notified once that a closed department no longer requires approval.")
def test_that_a_closed_department_is_not_asked_about_any_more_is_told_once(files: Bureau) -> None:
    """Its people work elsewhere, and their files would leave without a question and without a word."""
    Department.objects.filter(code="public-works").update(closed=from_ms(files.desk.now).date())
    for _ in range(2):
        files.hear(60_000)
    assert sorted(told("asked-closed:")) == ["cleo.hart@city.example", "ines.falk@city.example"]
    assert "Public Works" in Notice.objects.filter(key__startswith="asked-closed:").earliest("pk").text


@pytest.mark.rule("P-08, P-22", "An approver for an office's mailbox who leaves is replaced by the next one.")
def test_whoever_answered_for_an_offices_mailbox_and_leaves_is_followed_by_the_next(
    files: Bureau, city: Town, visit: Callable[[str], Client]
) -> None:
    """Nobody else could answer, and nobody would hear of it. Lists say that they only answer for it."""
    row = approval_requests.request_approval(offices(files), now=files.desk.now)
    assert row is not None and row.own and asked(files, row) == ["p-head"]
    leave(city, files.desk.now, "head")
    files.hear(60_000)
    assert (again(row).own, asked(files, row)) == (True, ["p-deputy"])
    answer(files, again(row), "deputy")
    assert states(row) == {ACME: "approved"}
    assert "Sent from streets@city.example" in words(visit("deputy").get("/holding/approvals/report/"))


@pytest.mark.rule(
    "P-22, promise 7",
    "Files without any approver are visible: the access office is notified, and they expire in time.",
)
def test_where_nobody_may_answer_the_access_office_hears_of_it(files: Bureau, city: Town) -> None:
    """Nothing waits for ever without a word, and whoever is named head then answers."""
    seen = offices(files)
    leave(city, files.desk.now, "head", "deputy")
    row = approval_requests.request_approval(seen, now=files.desk.now)
    assert row is not None and not row.own and asked(files, row) == []
    for _ in range(2):
        files.hear(60_000)
    assert told("approval-nobody:") == ["maya.lund@city.example"]
    with pytest.raises(NotPermitted):
        answer(files, again(row), "office")
    Department.objects.filter(code="public-works").update(head=city.people["chief"])
    files.hear(60_000)
    assert (again(row).own, asked(files, row)) == (True, ["p-chief"])


def test_where_nobody_may_answer_it_goes_back_in_time(files: Bureau, city: Town) -> None:
    """P-22, promise 7."""
    seen = offices(files)
    leave(city, files.desk.now, "head", "deputy")
    row = approval_requests.request_approval(seen, now=files.desk.now)
    assert row is not None
    files.hear(100 * 24 * HOUR)
    assert states(row) == {ACME: "expired"} and told(f"approval:{row.pk}:expired") == ["maya.lund@city.example"]


@pytest.mark.rule("P-22", "If all approvers are absent they are asked nevertheless.")
def test_where_everybody_is_away_they_are_asked_all_the_same(files: Bureau, city: Town) -> None:
    at = from_ms(files.desk.now)
    for key in ("head", "deputy"):
        AutoReply.objects.create(
            mailbox=Mailbox.objects.get(holder=city.people[key], kind="personal"), kind="own", text="I am away.",
            starts=at - timedelta(hours=1), until=at + timedelta(days=9), by=f"p-{key}", made=at,
        )  # fmt: skip
    row = files.asked("crew0", ACME)
    assert asked(files, row) == ["p-head"]
    leave(city, files.desk.now, "head")
    assert asked(files, row) == ["p-deputy"]


@pytest.mark.rule("P-22", "A copy that another rule held before has its whole time when approval is requested.")
def test_a_copy_that_something_else_had_kept_has_its_whole_time(files: Bureau) -> None:
    """It comes to the question when that is over for the others."""
    row = files.asked("crew0", ACME)
    files.hear(100 * 24 * HOUR)
    assert states(row) == {ACME: "expired"}
    parts = tuple((part[0], part[1], part[2], part[3]) for part in row.parts)
    seen = approval_requests.PendingFiles(row.capture, "p-crew0", "public-works", files.desk.now, parts, ((1, DOT),))
    assert approval_requests.request_approval(seen, now=files.desk.now) is not None
    files.hear(HOUR)
    assert states(row) == {ACME: "expired", DOT: "waits"} and asked(files, row) == ["p-head"]
    assert told("approval-waits:").count("rosa.hale@city.example") == 2


@pytest.mark.rule("P-22, promise 6", "An address that is too long for a mailbox does not prevent a request.")
def test_an_address_that_is_too_long_for_any_mailbox_holds_up_no_question(files: Bureau) -> None:
    """The wire takes more than a row does, and one such copy would have kept everybody's questions from being asked."""
    row = files.asked("crew0", ACME)
    parts = tuple((part[0], part[1], part[2], part[3]) for part in row.parts)
    seen = approval_requests.PendingFiles(
        row.capture, "p-crew0", "public-works", files.desk.now, parts, ((1, f"{'a' * 250}@acme.example"),)
    )
    assert approval_requests.request_approval(seen, now=files.desk.now) is not None
    (long,) = row.copies.filter(index=1)
    assert (len(long.address), long.state) == (254, "waits")


@pytest.mark.rule("P-22, P-25", "A contained account approves nothing, and the next approver is asked.")
def test_an_account_that_may_be_taken_approves_nothing(files: Bureau, city: Town) -> None:
    """The next one is asked; what it says by itself does not count until it is given back."""
    row, head = files.asked("crew0", ACME), city.people["head"]
    taken = Containment.objects.create(sender=head.uid, person=head, sign="outside", capture=row.capture, made=city.now)
    assert asked(files, row) == ["p-deputy"]
    with pytest.raises(Conflict, match="somebody else may be using it"):
        answer(files, again(row), "head")
    everything = (again(row).department, FileScope(), files.desk.now + HOUR)
    with pytest.raises(Conflict, match="somebody else may be using it"):
        standing_approvals.allow(*everything, actor=actor(files, "head"), reason="All that we send.", now=files.desk.now)
    assert (states(row), files.copies(row)) == ({ACME: "waits"}, {ACME: "held"})
    Containment.objects.filter(pk=taken.pk).update(state="released")
    answer(files, again(row), "head")
    assert files.copies(row) == {ACME: "goes"}


def test_two_working_hours_are_over_on_tuesday_where_monday_is_a_holiday(files: Bureau, settings: Any) -> None:
    """Asked on Friday at half past four, in a night in which the clocks are put on."""
    settings.CITY = replace(settings.CITY, oversight=replace(settings.CITY.oversight, holidays=["2026-03-09"]))
    friday, tuesday = (timezone.make_aware(datetime(2026, 3, day, hour, 30)) for day, hour in ((6, 16), (10, 9)))
    files.desk.now = epoch_ms(friday)
    files.desk.publish()
    row = files.asked("crew0", ACME)
    assert timezone.localdate(row.ends) == datetime(2026, 3, 13).date(), "three working days later, at midnight"
    for at in (friday + timedelta(hours=15), friday + timedelta(days=3), tuesday - timedelta(minutes=1)):
        files.hear(epoch_ms(at) - files.desk.now)
        assert asked(files, row) == ["p-head"]
    files.hear(2 * 60_000)
    assert asked(files, row) == ["p-deputy"]
