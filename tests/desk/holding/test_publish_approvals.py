"""What gateways know of approvals is what the tables say, and an answer costs what it is, however many were given (P-22)."""

from __future__ import annotations

import fcntl
import uuid
from pathlib import Path
from typing import Any

import pytest

from city.identity import staff
from city.identity.staff import LATER, MS, NOW
from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.policy.approvals import Approvals, OutboundFile, Sender
from civicmail.city.snapshot import published_approvals
from civicmail.desk.holding.actions import approval_execution, publish_approvals
from civicmail.desk.holding.models import Approval, ApprovalCopy, AskedDepartment

pytestmark = pytest.mark.django_db
SHA256 = "ab" * 32


@pytest.fixture
def data(settings: Any, tmp_path: Path) -> Path:
    """Where the clerk's files are asked about, and nothing was answered yet."""
    settings.DATA = tmp_path
    publish_approvals.checked_at.clear()
    AskedDepartment.objects.create(department=staff.department(), since=NOW, asked=NOW, by=staff.person("author"), reason="A test.")
    assert publish_approvals.publish_standing(MS)
    return tmp_path


def answered(who: Person) -> ApprovalCopy:
    """A yes that nobody was told of yet, about files that were put up."""
    row = Approval.objects.create(
        draft=uuid.uuid4(), person=who, department=Department.objects.get(), received=NOW, made=NOW, since=NOW, ends=LATER,
        parts=[["1.2", "file", 9, SHA256], ["1.3", "file", 9, SHA256]],
    )  # fmt: skip
    return ApprovalCopy.objects.create(
        approval=row, index=0, address="Ibis@acme.example", state="approved", at=NOW, by=Person.objects.get(uid="author")
    )


def known(data: Path, who: Person, now: int = MS) -> tuple[str, ...]:
    """By what the file goes there without a question."""
    file, sending = OutboundFile("1.2", "file", "x.pdf", 9, SHA256), Sender("clerk", who.uid, "")
    found = published_approvals.ApprovalsWatcher(data).current(now)
    assert found is not None
    return found.covering([file], sending, "ibis@acme.example", now)


@pytest.mark.rule("P-22", "For an answer no other one is read from the tables.")
def test_for_an_answer_no_other_one_is_read(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a month there are a hundred thousand."""

    def reads_all(now: int) -> Approvals:
        raise AssertionError("all of them were read")

    ann, bob = staff.person("ann"), staff.person("bob")
    with monkeypatch.context() as m:
        m.setattr(publish_approvals, "in_force", reads_all)
        for who in (ann, bob):
            copy = answered(who)
            assert approval_execution.execute(copy.approval, MS) == [copy]
            assert known(data, who) == (f"a{copy.pk}",) and not known(data, who, MS + 30 * DAY_MS)
    assert published_approvals.read(data).is_same(publish_approvals.in_force(MS), MS)


@pytest.mark.rule(
    "P-22",
    "The tables are read by one publisher of approvals at a time: the second of two sees the changes of the first.",
)
def test_tables_are_read_while_nobody_else_writes_them_down(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two at one moment the second knows what the first has done."""
    alone = []

    def watched(real: Any) -> Any:
        def reads(now: int) -> Any:
            with (data / "policy" / ".approvals").open() as file, pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone.append(real)
            return real(now)

        return reads

    for name in ("_standing", "in_force"):
        monkeypatch.setattr(publish_approvals, name, watched(getattr(publish_approvals, name)))
    AskedDepartment.objects.all().delete()
    assert publish_approvals.publish_standing(MS) and len(alone) == 1
    published_approvals.approvals_path(data).write_text("{")
    assert publish_approvals.publish_standing(MS) and len(alone) == 3, "and where it cannot be read all of it, once"


@pytest.mark.rule("P-22", "Approvals within a program's transaction are published again when it ends.")
def test_what_is_part_of_a_transaction_is_told_once_more_at_its_end(data: Path, django_capture_on_commit_callbacks: Any) -> None:
    """A program's request with a key of its own is one, and until then nobody else knows of it."""
    ann, before = staff.person("ann"), published_approvals.read(data)
    with django_capture_on_commit_callbacks(execute=True):
        copy = answered(ann)
        approval_execution.execute(copy.approval, MS)
        AskedDepartment.objects.all().delete()
        publish_approvals.publish_standing(MS)
        published_approvals.publish(data, before)  # another process, by what it reads
    assert known(data, ann) == (f"a{copy.pk}",) and not published_approvals.read(data).departments


@pytest.mark.rule(
    "P-22",
    "Approvals lost by a disk or a restored copy are published again, when the worker starts and once a day; those that "
    "the tables lack are removed.",
)
def test_the_worker_tells_again_what_was_lost_when_it_begins_and_once_a_day(data: Path) -> None:
    """A disk that lost answers, or a copy that was restored, makes nobody ask for ever."""
    ann = staff.person("ann")
    copy, less = answered(ann), published_approvals.read(data)
    approval_execution.execute(copy.approval, MS)
    for now, there in ((MS, True), (MS + DAY_MS - 1, False), (MS + DAY_MS, True)):
        published_approvals.publish(data, less)
        approval_execution.execute_pending(now)
        assert bool(known(data, ann)) is there
    ApprovalCopy.objects.all().delete()  # what the tables do not know is no approval
    approval_execution.execute_pending(MS + 2 * DAY_MS)
    assert not known(data, ann)
