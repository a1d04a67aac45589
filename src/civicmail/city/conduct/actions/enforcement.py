"""Carry out what a reviewer decided, then verify it at the entry points (R12).

A decision counts as verified only after that check.
Each step is one row in its own transaction, so that a failure is recorded on its row and blocks no other.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from civicmail.city.conduct.actions.review_start import object_of
from civicmail.city.conduct.models import ReviewRow
from civicmail.city.conduct.review_item_states import step
from civicmail.city.conduct.review_plans import UNDO_MS
from civicmail.city.directory.models import Episode
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.models import Account
from civicmail.city.identity import person_kinds
from civicmail.city.identity.actions import access_requests
from civicmail.city.identity.actions.publishing import data_folder, publish_on_commit
from civicmail.city.identity.models import Authorization, RoleActivation, RoleAssignment
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.city.snapshot.snapshot import Snapshot

TICK = machine("tick")
SETTLE_MS = 2_000
"""ms after which entry points know a change (they know it within one second)."""
BATCH_SIZE = 200
CARRIED_FIELDS = ["state", "carried", "promised", "failure", "checked", "answer"]
WITH = ("review", "part__department", "person", "by", "right__mailbox", "right__episode__contract", "right__person", "role__person")


def carry_out(row: ReviewRow, *, now: int) -> None:
    """Carry out the answer of a row. For verbs that hold the row, inside their transaction. If that is impossible the row has the
    reason, and nothing else has changed."""
    action = "carry" if row.state in ("pending", "suspending") else ""
    if not action:
        return
    why = ""
    try:
        with transaction.atomic():
            _do(row, now)
    except (Conflict, Unusable) as error:
        why = str(error.args[0])[:300]
    row.state = step(row.state, "fail" if why else "carry")
    row.carried, row.failure = from_ms(now), why
    row.save(update_fields=CARRIED_FIELDS)
    if why:
        facts = {"rows": [row.pk], "answer": row.answer, "why": why}
        entries.enter("review.failed", actor=TICK, reason="", now=now, object=object_of(row.review), facts=facts)


def carry_out_due(now: int) -> int:
    """Answers that can no longer be taken back, and suspensions that were decided; how many."""
    rows = ReviewRow.objects.filter(state="pending", at__lte=from_ms(now - UNDO_MS)) | ReviewRow.objects.filter(state="suspending")
    keys = list(rows.order_by("id").values_list("pk", flat=True)[:BATCH_SIZE])
    for pk in keys:
        with transaction.atomic():
            row = locked(pk)
            if row.state in ("pending", "suspending"):
                carry_out(row, now=now)
    return len(keys)


def verify_due(now: int) -> int:
    """Verify in the rows and in the published snapshot what was carried out (R12). Returns how many rows were checked."""
    done = ReviewRow.objects.filter(carried__lte=from_ms(now - SETTLE_MS), checked__isnull=True, state__in=["done", "suspended"])
    keys = list(done.order_by("id").values_list("pk", flat=True)[:BATCH_SIZE])
    if not keys:
        return 0
    seen = published_snapshot(now)
    for pk in keys:
        with transaction.atomic():
            row = locked(pk)
            if row.checked is None and row.state in ("done", "suspended"):
                _verify(row, seen, now)
    return len(keys)


def retry(row: ReviewRow, *, actor: Actor, now: int) -> None:
    """Retry a failed row. For verbs that have passed the guard, inside their transaction."""
    row.state = step(row.state, "retry")
    row.failure, row.checked = "", None
    row.save(update_fields=CARRIED_FIELDS)
    entries.enter("review.retry", actor=actor, reason="", now=now, object=object_of(row.review), facts={"rows": [row.pk]})
    carry_out(row, now=now)


def require_end(row: ReviewRow, until: int, now: int) -> None:
    """Raise Unusable for an end that the table of kinds does not allow, or that a role cannot have: a role is granted for longer by
    the access office alone."""
    if row.role is not None:
        if from_ms(until) > row.role.until:
            raise field_error("until", "A review shortens a role; for longer the access office grants it anew.")
        return
    assert row.right is not None
    work = _work(row.right)
    access_requests.checked_end(work.kind, work.contract.ends if work.contract else None, until, now)


def locked(pk: int) -> ReviewRow:
    """The row as it is now, until the transaction ends."""
    ReviewRow.objects.select_for_update().get(pk=pk)
    return ReviewRow.objects.select_related(*WITH).get(pk=pk)


def published_snapshot(now: int) -> Snapshot | None:
    """The snapshot that entry points use now; None if none is published."""
    data = data_folder()
    return SnapshotWatcher(data, lambda: now).current if data is not None else None


# -- what each answer does


def _do(row: ReviewRow, now: int) -> None:
    if row.role is not None:
        _do_role(row, row.role, now)
        return
    assert row.right is not None
    right = Authorization.objects.select_for_update(of=("self",)).select_related("episode__contract", "person").get(pk=row.right.pk)
    if row.answer in ("keep", "change") and right.state == "suspended" and row.late:
        access_requests.transition(right, "resume", "a late answer of the review", now)
        publish_on_commit([right.person_id])
    if row.answer == "keep":
        _extend(row, right, _latest(right, now), now)
    elif row.answer == "change":
        assert row.promised is not None
        _extend(row, right, row.promised, now, exactly=True)
    elif row.answer == "suspend":
        _suspend(row, right, now)
    else:
        _end(row, right, now)


def _extend(row: ReviewRow, right: Authorization, until: datetime, now: int, *, exactly: bool = False) -> None:
    """Set another end. A reviewer who requested the access does not extend it (M3): their "keep" leaves its end."""
    if right.state not in ("active", "suspended"):
        raise Conflict("This access has ended. Submit a new access request.")
    until = until if exactly else max(until, right.until)
    own = row.by_id in (right.requester_id, right.person_id)
    moved = right.role == "holder" and right.department_id != _work(right).department_id  # the new one decides afresh (M6)
    if until > right.until and (own or moved):
        until = right.until
    row.promised = until
    if until == right.until:
        return
    before = epoch_ms(right.until)
    right.until = until
    if until > from_ms(before) and row.by_id is not None and not own:
        right.approver_id, right.decided = row.by_id, row.at
    right.save(update_fields=["until", "approver", "decided"])
    _entered("request.extend" if epoch_ms(until) > before else "access.shorten", row, right, now, before=before)


def _suspend(row: ReviewRow, right: Authorization, now: int) -> None:
    if right.state == "suspended":
        return
    access_requests.transition(right, "suspend", "nobody answered in the review", now)
    _sign_out(right)
    _entered("access.suspend", row, right, now)


def _end(row: ReviewRow, right: Authorization, now: int) -> None:
    if right.state in ("revoked", "expired", "withdrawn"):
        return
    access_requests.transition(right, "revoke", f"review: {row.reason or 'nobody answered'}", now)
    _sign_out(right)
    _entered("access.revoke", row, right, now)


def _sign_out(right: Authorization) -> None:
    if right.role == "holder":
        Account.objects.filter(person=right.person_id).update(epoch=F("epoch") + 1)


def _do_role(row: ReviewRow, granted: RoleAssignment, now: int) -> None:
    """Carry out the answer about a role.
    A kept role keeps its end; a role is never suspended: non-response ends it after the days of grace."""
    grant = RoleAssignment.objects.select_for_update(of=("self",)).get(pk=granted.pk)
    if row.answer == "suspend":
        return
    if grant.ended is not None or grant.until <= from_ms(now):
        if row.answer in ("keep", "change"):
            raise Conflict("This role is over; it is granted anew.")
        return
    if row.answer == "keep":
        row.promised = grant.until
        return
    if row.answer == "change":
        assert row.promised is not None
        save_values(grant, until=row.promised)
    else:
        save_values(grant, ended=from_ms(now))
        RoleActivation.objects.filter(grant=grant, laid_down__isnull=True, until__gt=from_ms(now)).update(laid_down=from_ms(now))
    facts = {"person": row.asked["uid"], "duty": grant.role, "until": epoch_ms(grant.until), "rows": [row.pk]}
    act = "duty.end" if grant.ended else "duty.shorten"
    entries.enter(act, actor=TICK, reason=row.reason, now=now, object=f"duty:{grant.pk}", role=grant.role, facts=facts)


def _entered(act: str, row: ReviewRow, right: Authorization, now: int, **more: int) -> None:
    """Write the audit entry in the name of the reviewer, or of the system for non-response."""
    facts = {"person": row.asked["uid"], "mailbox": row.asked["mailbox"], "state": right.state, "until": epoch_ms(right.until)}
    facts |= {"review": row.review_id, "row": row.pk, **more}
    actor = Actor(row.by.uid) if row.by is not None else TICK
    entries.enter(act, actor=actor, reason=row.reason, now=now, object=f"authorisation:{right.pk}", facts=facts)
    publish_on_commit([right.person_id])


def _work(right: Authorization) -> Episode:
    employment = Episode.objects.select_related("contract").filter(person=right.person_id, ended__isnull=True).first()
    if employment is None:
        raise Conflict(f"{right.person} does not work for the city now.")
    return employment


def _latest(right: Authorization, now: int) -> datetime:
    work = _work(right)
    return person_kinds.latest_end(work.kind, timezone.localtime(from_ms(now)), work.contract.ends if work.contract else None)


# -- whether it is so


def _verify(row: ReviewRow, seen: Snapshot | None, now: int) -> None:
    why = _differs(row, seen, now)
    row.checked, row.failure = from_ms(now), why[:300]
    if row.state == "done":
        row.state = step(row.state, "fail" if why else "verify")
    row.save(update_fields=CARRIED_FIELDS)
    facts = {"rows": [row.pk], "answer": row.answer, "why": why}
    act = "review.failed" if why else "review.verified"
    entries.enter(act, actor=TICK, reason="", now=now, object=object_of(row.review), facts=facts)


def _differs(row: ReviewRow, seen: Snapshot | None, now: int) -> str:
    """Why the decision is not in force; empty if it is."""
    if row.role is not None:
        grant = RoleAssignment.objects.get(pk=row.role.pk)
        over = grant.ended is not None or grant.until <= from_ms(now)
        if row.answer == "suspend":
            return ""
        return "" if over == (row.answer in ("revoke", "lapse")) else "The role is not as it was decided."
    assert row.right is not None
    right = Authorization.objects.select_related("mailbox", "person").get(pk=row.right.pk)
    if row.answer in ("keep", "change"):
        if right.state not in ("active", "suspended"):
            return "The access is over."
        return "" if right.until == row.promised else "The access has another end than was decided."
    if right.state in ("active", "approved", "asked") or (right.state == "suspended" and row.answer != "suspend"):
        return "The access is still in force."
    return _doors(right, seen, now)


def _doors(right: Authorization, seen: Snapshot | None, now: int) -> str:
    """Why an entry point with this snapshot would still admit the person to the mailbox; empty if it would not."""
    person = seen.people.get(right.person.uid) if seen is not None else None
    if person is None or person.why:
        return ""
    grants = [g for g in person.grants if g.mailbox == right.mailbox.address and now < g.until]
    other = Authorization.objects.filter(mailbox=right.mailbox_id, person=right.person_id, state="active").exists()
    return "Doors still let this person use the mailbox." if grants and not other else ""
