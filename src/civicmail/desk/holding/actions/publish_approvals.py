"""Publish approvals to the gateways after each change, and verify the published file once a day (P-22)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet

from civicmail.city.guard.epoch import DAY_MS, epoch_ms, from_ms
from civicmail.city.policy.approvals import Approvals, ApprovedFiles, FileApproval
from civicmail.city.snapshot import published_approvals
from civicmail.desk.holding import approval_switches
from civicmail.desk.holding.models import ApprovalCopy, AskedDepartment, StandingApproval
from civicmail.desk.viewer.queries import installation

VALID_FOR = timedelta(days=30)
"""How long the same file may go from the same sender to the same recipient without a new request."""
APPROVAL_FIELDS = ("parts", "capture", "words", "person__uid", "department__code")
checked_at: dict[Path, int] = {}
"""When this process last compared all approvals, ms."""


def publish_standing(now: int) -> bool:
    """Publish the departments with approval, and the standing approvals; return whether the file had to change. Durable on
    return. Raises OSError."""
    return _now_and_on_commit(
        lambda: published_approvals.publish_standing(installation(), lambda: _standing(now), lambda: in_force(now), now)
    )


def publish_answers(copies: Collection[ApprovalCopy], now: int) -> None:
    """Publish the approvals among these copies, without reading or writing any other. Durable on return. Raises OSError."""
    if copies:
        answers = _answers(ApprovalCopy.objects.filter(pk__in=[copy.pk for copy in copies]), now)
        _now_and_on_commit(lambda: published_approvals.append_approvals(installation(), answers, lambda: in_force(now), now))


def _now_and_on_commit[Done](do: Callable[[], Done]) -> Done:
    """Publish now and after the commit. A request with an Idempotency-Key may be one transaction around this: until it ends other
    processes do not read the new rows, and one that publishes everything meanwhile would leave them out."""
    if connection.in_atomic_block:
        transaction.on_commit(do, robust=True)
    return do()


def verify_published(now: int) -> bool:
    """Compare all published approvals with the tables at process start and once a day, because a power cut, a disk or a restored
    copy may differ. Return whether they had to be written. Raises OSError."""
    data = installation()
    if 0 <= now - checked_at.get(data, -DAY_MS) < DAY_MS:
        return False
    changed = published_approvals.reconcile(data, lambda: in_force(now), now)
    checked_at[data] = now
    return changed


def in_force(now: int) -> Approvals:
    """The approvals in the tables at this moment."""
    standing = _standing(now)
    return Approvals(standing.departments, standing.standing, ApprovedFiles(_answers(ApprovalCopy.objects.all(), now)))


def _standing(now: int) -> Approvals:
    asked_departments = AskedDepartment.objects.filter(since__isnull=False).values_list("department__code", flat=True)
    departments = {*asked_departments, *approval_switches.waiting_by_default()}
    rows = StandingApproval.objects.filter(ended__isnull=True, until__gt=from_ms(now)).select_related("department").order_by("pk")
    standing = [
        FileApproval(f"s{r.pk}", epoch_ms(r.until), r.department.code, "", r.mailbox, r.sha256, r.series, r.domain) for r in rows
    ]
    return Approvals(frozenset(departments), tuple(standing))


def _answers(copies: QuerySet[ApprovalCopy], now: int) -> list[FileApproval]:
    rows = copies.filter(state="approved", at__gt=from_ms(now) - VALID_FOR).order_by("pk")
    values = rows.values_list("pk", "at", "address", "without", *(f"approval__{name}" for name in APPROVAL_FIELDS))
    answers: list[FileApproval] = []
    for pk, at, address, without, parts, capture, words, who, code in values:  # of a month, at times: no rows are made of it
        until, to = epoch_ms(at + VALID_FOR), address.lower()
        sender = {"department": code} if capture and words else {"person": who}  # its sender is unknown
        approved_files = [sha256 for _, _, _, sha256 in parts if sha256 not in without]
        answers += [FileApproval(f"a{pk}", until, sha256=sha256, address=to, **sender) for sha256 in approved_files]
    return answers
