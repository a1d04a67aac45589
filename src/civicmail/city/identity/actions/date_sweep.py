"""Apply everything that has a date: begin, expire, end (M2, M6, L1, D4, P-10).

Each sweep considers only states and dates, so the next one makes up for a missed one, and a second one has nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from civicmail.city.directory.models import Episode
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict
from civicmail.city.identity import authorization_states
from civicmail.city.identity.actions import access_end, access_requests, autoreply_expiry, mandate_expiry, signin, throttling
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Ending, PersonalUse, RoleActivation, RoleAssignment
from civicmail.core.config.log import get_logger

TICK = machine("tick")
BATCH_SIZE = 500
log = get_logger()


@dataclass(slots=True)
class SweepCounts:
    """Numbers of changes, by kind."""

    begun: int = 0
    expired: int = 0
    grants: int = 0
    ended: int = 0
    laid_down: int = 0
    roles: int = 0
    personal_use: int = 0
    mandates: int = 0
    findings: int = 0
    replies: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())


def sweep(now: int) -> SweepCounts:
    """Apply everything that has a date, once. now: ms."""
    done = SweepCounts()
    done.begun = _begin(now)
    done.ended = _end_access(now)
    done.expired = _each(_expire, now)
    done.grants = _each(_end_grants, now)
    done.laid_down = _each(_deactivate, now)
    done.roles = _each(_end_roles, now)
    done.personal_use = _each(_end_personal_use, now)
    done.mandates = sum(_each(b, now) for b in (mandate_expiry.end, mandate_expiry.end_without_role, mandate_expiry.expire_unused))
    done.findings = _each(mandate_expiry.find_unratified, now)
    done.replies = sum(_each(b, now) for b in (autoreply_expiry.end_replies, autoreply_expiry.end_forwardings))
    autoreply_expiry.forget_answered(now)
    signin.forget_failures(now=now)
    throttling.forget(now=now)
    Session.objects.filter(expire_date__lt=from_ms(now)).delete()
    return done


def _each(batch: Callable[[int], int], now: int) -> int:
    """Batches of at most AT_ONCE rows, each its own transaction, until one finds nothing."""
    total = 0
    while True:
        with transaction.atomic():
            count = batch(now)
        total += count
        if count < BATCH_SIZE:
            return total


def _begin(now: int) -> int:
    """Approved ones whose day has come."""
    count = 0
    for row in Authorization.objects.filter(state="approved", starts__lte=from_ms(now), until__gt=from_ms(now)).order_by("id"):
        try:
            with transaction.atomic():
                mine = Authorization.objects.select_for_update().get(pk=row.pk)
                access_requests.activate(mine, actor=TICK, now=now)
            count += 1
        except Conflict as why:
            log.info("an authorization cannot begin yet", authorization=row.pk, why=type(why).__name__)
    return count


def _expire(now: int) -> int:
    rows = list(
        Authorization.objects.select_for_update().filter(state__in=LIVING, until__lte=from_ms(now)).order_by("id")[:BATCH_SIZE]
    )
    for row in rows:
        row.state, row.since, row.why = authorization_states.step(row.state, "expire"), from_ms(now), "its time is over"
    return _changed("access.expire", rows, now)


def _end_grants(now: int) -> int:
    """End authorizations for other mailboxes with the person's own access (M5)."""
    own = Authorization.objects.filter(
        person=OuterRef("person"), role="holder", state__in=["approved", "active", "suspended"], until__gt=from_ms(now)
    )
    grants = Authorization.objects.select_for_update(of=("self",)).filter(~Exists(own), state__in=["active", "suspended"])
    rows = list(grants.exclude(role="holder").order_by("id")[:BATCH_SIZE])
    for row in rows:
        row.state, row.since, row.why = authorization_states.step(row.state, "revoke"), from_ms(now), "own access is over"
    return _changed("access.revoke", rows, now)


def _changed(act: str, rows: list[Authorization], now: int) -> int:
    if rows:
        Authorization.objects.bulk_update(rows, ["state", "since", "why"])
        named = Authorization.objects.filter(pk__in=[r.pk for r in rows]).order_by("id")
        facts = [
            (f"authorisation:{pk}", {"person": uid, "mailbox": address, "state": state})
            for pk, uid, address, state in named.values_list("pk", "person__uid", "mailbox__address", "state")
        ]
        entries.enter_each(act, facts, actor=TICK, reason="", now=now)
        publish_on_commit([row.person_id for row in rows])
    return len(rows)


def _end_access(now: int) -> int:
    """Endings whose time has come, and of those whose last day, as planned, has passed."""
    today = timezone.localdate(from_ms(now))
    count = 0
    with transaction.atomic():
        over = Episode.objects.select_related("person").filter(ended__isnull=True, ends__lt=today, endings__isnull=True)
        if people := [e.person for e in over[:BATCH_SIZE]]:
            access_end.schedule(people, reason="The last day, as planned, has passed.", when=now, actor=TICK, now=now)
    while due := list(Ending.objects.filter(done__isnull=True, when__lte=from_ms(now)).order_by("when", "id")[:BATCH_SIZE]):
        with transaction.atomic():
            count += access_end.carry_out(due, actor=TICK, now=now)
    return count


def _deactivate(now: int) -> int:
    rows = list(
        RoleActivation.objects.select_for_update(of=("self",))
        .select_related("grant__person")
        .filter(laid_down__isnull=True, until__lte=from_ms(now))[:BATCH_SIZE]
    )
    for row in rows:
        row.laid_down = row.until
    RoleActivation.objects.bulk_update(rows, ["laid_down"])
    facts = [(f"duty:{r.grant.pk}", {"person": r.grant.person.uid, "duty": r.grant.role, "until": epoch_ms(r.until)}) for r in rows]
    entries.enter_each("duty.lay-down", facts, actor=TICK, reason="its time is over", now=now)
    return len(rows)


def _end_roles(now: int) -> int:
    rows = list(
        RoleAssignment.objects.select_for_update(of=("self",))
        .select_related("person")
        .filter(ended__isnull=True, until__lte=from_ms(now))[:BATCH_SIZE]
    )
    for row in rows:
        row.ended = row.until
    RoleAssignment.objects.bulk_update(rows, ["ended"])
    facts = [(f"duty:{r.pk}", {"person": r.person.uid, "duty": r.role, "until": epoch_ms(r.until)}) for r in rows]
    entries.enter_each("duty.end", facts, actor=TICK, reason="its time is over", now=now)
    return len(rows)


def _end_personal_use(now: int) -> int:
    yesterday = timezone.localdate(from_ms(now)) - timedelta(days=1)
    rows = list(
        PersonalUse.objects.select_for_update(of=("self",))
        .select_related("department")
        .filter(ended__isnull=True, until__lte=yesterday)[:BATCH_SIZE]
    )
    for row in rows:
        row.ended = from_ms(now)
    PersonalUse.objects.bulk_update(rows, ["ended"])
    facts = [(f"personal-use:{r.pk}", {"department": r.department.code, "until": str(r.until)}) for r in rows]
    entries.enter_each("personal-use.end", facts, actor=TICK, reason="its time is over", now=now)
    return len(rows)
