"""What the time does: caught up when missed, harmless twice, to the minute (M2, M5 to M7, L1, D4, P-10; P-04, P-08)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import DateTimeField
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from city.identity import staff
from city.identity.staff import KINDS, LATER, MS, NOW, OLD
from civicmail.city.directory.models import Agency, Department, Mailbox, MailGroup, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry, Failure  # fmt: skip
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, people, personal_use
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.models import (
    Acknowledgement,
    Authorization,
    Bar,
    Device,
    Forwarding,
    PersonalUse,
    PolicyText,
    RoleActivation,
    RoleAssignment,
    Usage,
)  # fmt: skip
from civicmail.city.identity.queries import access_status, department_questions, home_tasks
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.effective_dates import DATES, has_passed
from civicmail.city.identity.queries.personal_use import allowed_to
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.identity.worker_jobs import SweepJob
from civicmail.city.snapshot.models import Publication  # fmt: skip
from civicmail.city.snapshot.published_snapshot import snapshot_path
from civicmail.city.snapshot.snapshot_file import decode

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))


@pytest.fixture
def town() -> tuple[Department, Person, Person]:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    return where, head, staff.worker("ann", where, head)


@pytest.mark.rule("P-04, promise 5, M2, M5", "Authorizations expire by date, and dependent ones end with them.")
def test_what_is_over_expires_and_a_second_sweep_finds_nothing(town: tuple[Department, Person, Person]) -> None:
    where, head, ann = town
    box = staff.mailbox("311@city.example", where)
    staff.authorized(ann, box, ann.episodes.get(), head, role="delegate")
    Authorization.objects.filter(role="holder").update(until=NOW)
    assert not sweep(MS - 1)
    done = sweep(MS)
    assert (done.expired, done.grants) == (1, 1), "what was granted ends with it"
    assert set(Authorization.objects.values_list("role", "state")) == {("holder", "expired"), ("delegate", "revoked")}
    before = Entry.objects.count()
    assert not sweep(MS) and not sweep(MS + DAY_MS) and Entry.objects.count() == before == 2


@given(st.lists(st.integers(0, 40), max_size=6))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_missed_sweeps_are_caught_up_whatever_was_missed(days: list[int]) -> None:
    """However often and when it swept, the state at the end is the same."""
    from django.db import transaction

    with transaction.atomic():
        head = staff.person()
        where = staff.department(f"d{head.uid[2:]}", head)
        staff.employed(head, where)
        workers = [staff.worker(f"w{head.uid[2:]}-{n}", where, head) for n in range(4)]
        for n, worker in enumerate(workers):
            worker.authorizations.update(until=NOW + timedelta(days=10 * n + 5))
        for day in [*sorted(days), 30]:
            sweep(MS + day * DAY_MS)
        last = max([*days, 30])
        states = [w.authorizations.get().state for w in workers]
        assert states == ["expired" if 10 * n + 5 <= last else "active" for n in range(4)]
        transaction.set_rollback(True)


def test_an_approved_one_begins_on_its_day_and_a_planned_last_day_ends_access(town: tuple[Department, Person, Person]) -> None:
    where, _, ann = town
    ann.authorizations.update(state="approved", starts=NOW + timedelta(days=1))
    assert sweep(MS).begun == 0 and sweep(MS + DAY_MS).begun == 1
    assert ann.authorizations.get().state == "active"
    ann.episodes.update(ends=(NOW + timedelta(days=3)).date())
    assert sweep(MS + 3 * DAY_MS).ended == 0, "the last day is a day of work"
    assert sweep(MS + 4 * DAY_MS).ended == 1 and where.episodes.get(person=ann).ended is not None
    assert not Account.objects.get(person=ann).is_active


def test_activated_and_granted_roles_end_and_personal_use_does(town: tuple[Department, Person, Person]) -> None:
    where, head, ann = town
    grant = RoleAssignment.objects.create(person=ann, role="examiner", starts=OLD, until=LATER, by="os", reason="cases")
    RoleActivation.objects.create(grant=grant, reason="case", at=NOW, until=NOW + timedelta(hours=4))
    over = RoleAssignment.objects.create(person=head, role="auditor", starts=OLD, until=NOW, by="os", reason="audit")
    PersonalUse.objects.create(department=where, limits="A little.", starts=OLD.date(), until=NOW.date(), by=head)
    done = sweep(MS)
    assert (done.roles, done.laid_down, done.personal_use) == (1, 0, 0)
    done = sweep(MS + DAY_MS)
    assert (done.roles, done.laid_down, done.personal_use) == (0, 1, 1)
    over.refresh_from_db()
    assert over.ended == NOW and RoleActivation.objects.get().laid_down == NOW + timedelta(hours=4)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("contractor", "vendor", "agent")])
def test_a_mover_keeps_the_old_access_for_the_overlap_and_both_departments_are_asked(kind: str) -> None:
    """M6."""
    head = staff.person("head")
    where, parks = staff.department(head=head), staff.department("parks")
    staff.employed(head, where)
    ann = staff.worker("ann", where, head, kind)
    assert (
        department_questions.arrived_movers(["parks"]) == []
        and department_questions.counts(["clerk"], MS).get("clerk", department_questions.Counts()).leaving == 0
    )
    people.move(ann, parks, overlap=20, actor=OFFICER, reason="Changes to parks.", now=MS)
    assert [e.person for e in department_questions.arrived_movers(["parks"])] == [ann]
    assert department_questions.counts(["clerk", "parks"], MS) == {
        "clerk": department_questions.Counts(never=1, leaving=1),
        "parks": department_questions.Counts(arrived=1),
    }
    boss = actor_of(head.account, "", MS)
    groups = home_tasks.tasks_of(head, boss, access_status.status_of(head.pk, MS), MS)
    assert "Say when a mover's access ends" in [t.label for g in groups for t in g.tasks], "a task for the old department"
    parks.head = head
    parks.save()
    groups = home_tasks.tasks_of(head, actor_of(head.account, "", MS), access_status.status_of(head.pk, MS), MS)
    assert "Decide about who came" in [t.label for g in groups for t in g.tasks], "and one for the new one"
    right = ann.authorizations.get()
    people.set_overlap(right, MS + 5 * DAY_MS, actor=actor_of(head.account, "", MS), reason="Needed no longer.", now=MS)
    with pytest.raises(Unusable):
        people.set_overlap(ann.authorizations.get(), MS + 91 * DAY_MS, actor=OFFICER, reason="Too long.", now=MS)
    assert not sweep(MS + 4 * DAY_MS) and sweep(MS + 5 * DAY_MS).expired == 1


def test_the_new_department_takes_over_when_it_approves_and_not_before() -> None:
    """M6: one mailbox, for a while authorized by two departments, owned by whoever approved last."""
    head, chief = staff.person("head"), staff.person("chief")
    where, parks = staff.department(head=head), staff.department("parks", chief)
    staff.employed(head, where)
    staff.employed(chief, parks)
    super_ = staff.worker("super", parks, chief)
    ann = staff.worker("ann", where, head)
    people.move(ann, parks, supervisor=super_, actor=OFFICER, reason="Changes to parks.", now=MS)
    box = ann.mailboxes.get()
    asked = access_requests.ask(
        ann,
        reasons=Reasons(**staff.WORDS),
        until=MS + 90 * DAY_MS,
        address=box.address,
        actor=actor_of(super_.account, "", MS),
        now=MS,
    )
    assert ann.mailboxes.get().department == where and department_questions.arrived_movers(["parks"]) == []
    access_requests.approve(asked, actor=actor_of(chief.account, "", MS), now=MS)
    assert ann.mailboxes.get().department == parks
    assert department_questions.counts(["clerk"], MS).get("clerk", department_questions.Counts()).leaving == 0
    assert set(ann.authorizations.values_list("department__code", "state")) == {("clerk", "revoked"), ("parks", "active")}


@pytest.mark.rule("P-05, M7", "A mailbox that was never used, or not for long, is a question to its department.")
@pytest.mark.parametrize("kind", KINDS)
def test_never_used_and_unused_are_questions_and_not_deletions(kind: str) -> None:
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    never, device, sent, old = (staff.worker(name, where, head, kind) for name in ("never", "device", "sent", "old"))
    new = staff.worker("new", where, head, kind)
    new.authorizations.update(starts=NOW - timedelta(days=29))
    Device.objects.create(person=device, key="k", name="phone", mac="00" * 32, made=OLD, used=NOW)
    box = sent.mailboxes.get()
    Usage.objects.create(person=sent, mailbox=box, day=NOW.date(), sent=1)
    Usage.objects.create(person=never, mailbox=never.mailboxes.get(), day=NOW.date(), received=9)
    Account.objects.filter(person=old).update(last_login=NOW - timedelta(days=91))
    old.authorizations.update(starts=NOW - timedelta(days=200))
    assert [a.person for a in department_questions.never_used(["clerk"], MS)] == [never]
    assert [a.person for a in department_questions.not_used(["clerk"], MS)] == [old]
    assert department_questions.counts(["clerk", "parks"], MS) == {"clerk": department_questions.Counts(never=1, unused=1)}
    sweep(MS)
    assert set(Authorization.objects.values_list("state", flat=True)) == {"active"}


@pytest.mark.rule("P-10", "Personal use is reported in sums over ten people or more only.")
def test_personal_use_is_none_unless_a_department_allows_it(town: tuple[Department, Person, Person]) -> None:
    """With limits in words and an end; for the city's own people; sums only over ten people."""
    where, head, ann = town
    today, until = NOW.date(), (NOW + timedelta(days=30)).date()
    by_head = actor_of(head.account, "", MS)
    assert allowed_to(ann, today) == []
    with pytest.raises(Unusable, match="limits"):
        personal_use.allow(where, "Be nice.", until=until, actor=by_head, now=MS)
    with pytest.raises(Unusable, match="year"):
        personal_use.allow(where, "A few messages in breaks.", until=(NOW + timedelta(days=400)).date(), actor=by_head, now=MS)
    with pytest.raises(NotPermitted):
        personal_use.allow(where, "A few messages in breaks.", until=until, actor=OFFICER, now=MS)
    cora = staff.worker("cora", where, head, "contractor")
    with pytest.raises(Unusable, match="own people"):
        personal_use.allow(where, "A few messages in breaks.", person=cora, until=until, actor=by_head, now=MS)
    row = personal_use.allow(where, "A few messages in breaks.", person=ann, until=until, actor=by_head, now=MS)
    assert allowed_to(ann, today) == [row] and allowed_to(head, today) == []
    personal_use.end(row, actor=by_head, now=MS)
    assert allowed_to(ann, today) == []
    for n in range(9):
        worker = staff.worker(f"w{n}", where, head)
        Usage.objects.create(person=worker, mailbox=worker.mailboxes.get(), day=today, sent=2, received=1)
    assert department_questions.sums(where, OLD) is None
    Usage.objects.create(person=ann, mailbox=ann.mailboxes.get(), day=today, sent=1)
    found = department_questions.sums(where, OLD)
    assert found is not None and (found.people, found.sent, found.received) == (10, 19, 9)


@pytest.mark.django_db(transaction=True)
def test_what_the_time_alone_changes_is_published_once(installed: Path) -> None:
    """P2: grace ends without anybody's doing, and doors hear of it."""
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    staff.worker("ann", where, head)
    staff.policy(at=NOW)
    sweeping = SweepJob()

    def version(now: int) -> int:
        sweeping.step(now)
        return Publication.objects.get().version

    first = version(MS)
    assert version(MS + DAY_MS) == first == version(MS + 13 * DAY_MS)
    assert version(MS + 14 * DAY_MS) == first + 1 == version(MS + 15 * DAY_MS)
    assert installed.exists()


@pytest.mark.rule(
    "P-01, promise 5",
    "Everyone's access is recomputed when a date has come, and each hour; entry points always agree with the rows.",
)
@pytest.mark.django_db(transaction=True)
def test_everybody_is_looked_at_when_a_date_has_come_and_doors_have_what_rows_say(installed: Path) -> None:
    """M2, M4; P-01: of 6,200 people nothing is read where nothing could have changed."""
    head = staff.person("head")
    where = staff.department(head=head)
    staff.employed(head, where)
    ann = staff.worker("ann", where, head, "contractor")
    at = [NOW + timedelta(minutes=20 * n) for n in range(7)]
    Device.objects.create(person=ann, key="k1", name="phone", mac="00" * 32, made=OLD, until=at[1])
    Bar.objects.create(person=ann, kind="suspension", since=at[2], until=at[3], reason="A warning before.", first=head)
    box = staff.mailbox("alarms@city.example", where, kind="service")
    Mailbox.objects.filter(pk=box.pk).update(expires=at[4])
    Agency.objects.update(suspended=at[5])
    sweeping, domains, whole = SweepJob(), tuple(django_settings.CITY.city.domains), []
    for minute in range(0, 165, 5):
        now = MS + minute * 60_000
        with CaptureQueriesContext(connection) as asked:
            sweeping.step(now)
        if any('"mac"' in query["sql"] for query in asked):
            whole.append(minute)
        doors = decode(snapshot_path(installed).read_bytes())
        assert replace(doors, version=0, at=0) == replace(build_snapshot(0, now, domains), at=0), minute
    assert whole == [0, 20, 40, 60, 80, 100, 160], "and in any case an hour later"


@pytest.mark.rule("promise 5", "Each time at which published access changes is either waited for or written by the act itself.")
def test_each_moment_by_which_the_snapshot_is_made_is_one_that_is_waited_for(town: tuple[Department, Person, Person]) -> None:
    """M2, M4: a column of moments that is new there says whether the time alone changes something with it."""
    where, head, _ = town
    staff.worker("cora", where, head, "contractor")
    staff.policy()
    MailGroup.objects.create(address="records@city.example", name="Records", department=where, made=OLD)
    with CaptureQueriesContext(connection) as asked:
        build_snapshot(1, MS, ("city.example",))
    read = {pair for query in asked for pair in re.findall(r'"(\w+)"\."(\w+)"', query["sql"])}
    moments = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, DateTimeField)
    }
    waited = {(model._meta.db_table, column) for model, column, _ in DATES}
    assert waited <= read
    left = {f"{table}.{column}" for table, column in (read & moments) - waited}
    assert left <= WRITTEN, "does somebody write it when it happens, or does it come by itself (queries/effective_dates.py)?"


WRITTEN = {
    f"{table}.{column}"
    for table, columns in {
        "access_account": ("locked", "contained"),
        "access_authorisation": ("since", "asked", "decided"),
        "access_bar": ("asked", "ended"),
        "access_device": ("ended",),
        "access_dutygrant": ("ended",),
        "access_endingstep": ("at",),
        "access_forwarding": ("ended",),
        "access_personaluse": ("ended",),
        "directory_address": ("until",),
        "directory_mailbox": ("closed", "files_until"),
        "directory_mailgroup": ("closed",),
    }.items()
    for column in columns
}
"""Moments that somebody writes when they happen, or that doors compare themselves."""


def _row(model: type[Any], column: str, at: datetime, ann: Person, head: Person) -> None:
    """One with that moment."""
    clerks = head.episodes.get().department
    others: dict[type[Any], dict[str, Any]] = {
        Acknowledgement: {"person": ann, "text": PolicyText.objects.first(), "accepted": True, "shown": "", "at": OLD},
        Device: {"person": ann, "key": "k1", "name": "phone", "mac": "00" * 32, "made": OLD},
        Bar: {"person": ann, "kind": "suspension", "since": OLD, "reason": "A warning before.", "first": head},
        Forwarding: {
            "mailbox": ann.mailboxes.get(),
            "to": staff.mailbox("311@city.example", clerks),
            "until": LATER,
            "by": "os",
            "made": OLD,
        },
        Agency: {"code": "acme", "name": "Acme"},
        RoleAssignment: {
            "person": ann,
            "role": "auditor",
            "starts": OLD,
            "until": at + timedelta(days=1),
            "by": "os",
            "reason": "audit",
        },
    }
    model.objects.create(**others[model] | {column: at})


@pytest.mark.parametrize(("model", "column", "after"), DATES)
def test_a_moment_is_passed_once(town: tuple[Department, Person, Person], model: type[Any], column: str, after: int) -> None:
    _, head, ann = town
    staff.policy()
    noon = MS + 100 * 365 * DAY_MS  # far behind whatever else has a date
    assert not has_passed(noon - 1000, noon)
    at = from_ms(noon - after)
    if model in (Acknowledgement, Bar) or not model.objects.update(**{column: at}):  # some are only ever added to
        _row(model, column, at, ann, head)
    assert has_passed(noon - 1000, noon) and not has_passed(noon, noon + 1000) and not has_passed(noon - 2000, noon - 1)


def test_a_sweep_with_nothing_to_do_is_a_fixed_number_of_queries(
    town: tuple[Department, Person, Person], django_assert_max_num_queries: Any
) -> None:
    where, head, _ = town
    for n in range(5):
        staff.worker(f"w{n}", where, head)
    with django_assert_max_num_queries(43):
        sweep(MS)


def test_failures_of_sign_ins_are_forgotten_a_day_after_they_happened() -> None:
    """AC-7: they count for a quarter of an hour; longer nobody keeps who typed what from where."""
    for hours in (25, 23):
        Failure.objects.create(login="0" * 64, door="web", client="192.0.2.1", at=NOW - timedelta(hours=hours))
    sweep(MS)
    assert [f.at for f in Failure.objects.all()] == [NOW - timedelta(hours=23)]
