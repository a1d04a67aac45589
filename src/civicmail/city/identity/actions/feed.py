"""Propose, apply and reject a personnel feed; it never grants access (P-08; L1, L7, M6)."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils import timezone

from civicmail.city.directory import deletion_threshold, feed_addresses, feed_diff, feed_file
from civicmail.city.directory.feed_addresses import AddressBook
from civicmail.city.directory.feed_file import Feed
from civicmail.city.directory.models import Department, Episode, FeedLine, FeedRun
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import feed_notices, feedlines
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.queries import feedaddresses as addresses_known
from civicmail.city.identity.queries.feeds import contracts, known_people

WAITING = ("proposed", "stopped")


def propose(content: bytes, *, source: str, actor: Actor, now: int) -> FeedRun:
    """Read a list and report its effects, without changing anything. The state is "proposed", or "stopped" if the deletion
    threshold holds it. A newer proposal rejects a waiting one. Raises Unusable for an unreadable file."""
    guard.require(actor, "feed.run", now=now)
    return propose_read(feed_file.read(content), hashlib.sha256(content).hexdigest(), source=source, actor=actor, now=now)


def propose_read(feed: Feed, sha256: str, *, source: str, kind: str = "file", actor: Actor, now: int) -> FeedRun:
    """The same for a list that was read by other means. sha256: of what was read; kind: file or ldap."""
    guard.require(actor, "feed.pull" if kind == "ldap" else "feed.run", now=now)
    people = known_people()
    departments = frozenset(Department.objects.filter(closed__isnull=True).values_list("code", flat=True))
    today = timezone.localdate(from_ms(now))
    speaks = bool(feed_addresses.COLUMNS & feed.columns)
    if speaks:
        people = addresses_known.with_addresses(people, everybody=True)
    agreed = {key: c.ends for key, c in contracts().items()}
    book = addresses_known.book() if speaks else AddressBook()
    lines = feed_diff.compare(feed, people, departments, agreed, today, book)
    brake = deletion_threshold.reasons_to_stop(lines, people, today)
    with transaction.atomic():
        waiting = FeedRun.objects.filter(state__in=WAITING).exclude(kind="scim")
        waiting.update(state="rejected", reason="A newer list was read.", decided=from_ms(now))
        run = FeedRun.objects.create(
            at=from_ms(now),
            kind=kind,
            source=source[:200],
            sha256=sha256,
            rows=len(feed.rows) + len(feed.refused),
            state="stopped" if brake else "proposed",
            brake=brake[:400],
            by=actor.uid,
        )
        FeedLine.objects.bulk_create(
            [FeedLine(run=run, line=n.line, uid=n.uid, did=n.did, changes=n.changes, reason=n.reason[:300]) for n in lines],
            batch_size=feedlines.BATCH_SIZE,
        )
        _entered("feed.run", run, actor, "", now, feedlines.counts(lines))
        feed_notices.record_result(run, now=now)
    return run


def apply(run: FeedRun, *, actor: Actor, reason: str, now: int, despite_brake: bool = False) -> FeedRun:
    """Apply a proposal, all or nothing. despite_brake: an officer has reviewed the many people affected; the worker, which pulls
    from LDAP automatically, never sets it. Raises Conflict for a proposal that is not the newest, or that the deletion threshold
    holds."""
    guard.require(actor, "feed.pull" if actor.machine and run.kind == "ldap" else "feed.apply", now=now)
    reason = checked_reason(reason)
    with locked_row(run, "state") as row:
        if row.state not in WAITING:
            raise Conflict("This proposal was applied or rejected already.")
        if row.state == "stopped" and (actor.machine or not despite_brake):
            raise NotPermitted(f"The brake: {_lower(row.brake)} Check them, then confirm.")
        lines = list(row.lines.all())
        if row.kind == "scim":  # it waited for days, and there is no list that could be read again
            _refuse_leavers(lines)
        counts = feedlines.apply_lines(lines, actor=actor, now=now)
        save_values(row, state="applied", reason=reason[:400], decided=from_ms(now))
        _entered("feed.apply", row, actor, reason, now, counts | {"despite_brake": int(run.state == "stopped")})
        feed_notices.record_result(row, now=now)
        publish_on_commit()
    return row


def apply_counted(run: FeedRun, count: int | None, *, actor: Actor, reason: str, now: int) -> FeedRun:
    """Apply a reviewed proposal. count: of people ended, or changed if none is ended; required if the deletion threshold holds the
    proposal, so that the number is not overlooked. Raises Unusable for another number."""
    guard.require(actor, "feed.apply", now=now)
    is_held = run.state == "stopped"
    if is_held and count != (held := deletion_threshold.counted(list(run.lines.all()))):
        raise field_error("count", f"It ends or changes {held} people; look at them first.")
    return apply(run, actor=actor, reason=reason, now=now, despite_brake=is_held)


def _refuse_leavers(lines: list[FeedLine]) -> None:
    """Refuse lines about people who have left meanwhile; other lines are not delayed."""
    here = set(Episode.objects.filter(ended__isnull=True).values_list("person__uid", flat=True))
    gone = [line for line in lines if line.did == "changed" and line.uid not in here]
    for line in gone:
        line.did, line.reason = "refused", "Does not work for the city any more."
    FeedLine.objects.bulk_update(gone, ["did", "reason"], batch_size=feedlines.BATCH_SIZE)


def reject(run: FeedRun, *, actor: Actor, reason: str, now: int) -> FeedRun:
    """The proposal is not done."""
    guard.require(actor, "feed.apply", now=now)
    reason = checked_reason(reason)
    with locked_row(run, "state") as row:
        if row.state not in WAITING:
            raise Conflict("This proposal was applied or rejected already.")
        save_values(row, state="rejected", reason=reason[:400], decided=from_ms(now))
        _entered("feed.reject", row, actor, reason, now, {})
        feed_notices.record_result(row, now=now)
    return row


def note_failure(source: str, why: str, *, kind: str, actor: Actor, now: int) -> FeedRun:
    """A source did not answer, or not with a list: that is a report too. The same again on the next rounds is not another one."""
    guard.require(actor, "feed.pull", now=now)
    with transaction.atomic():
        last = FeedRun.objects.filter(kind=kind, source=source[:200]).order_by("-at", "-id").first()
        if last is not None and last.state == "failed":
            save_values(last, at=from_ms(now), reason=why[:400])
            return last
        run = FeedRun.objects.create(
            at=from_ms(now), kind=kind, source=source[:200], sha256="", state="failed", by=actor.uid, reason=why[:400]
        )
        _entered("feed.failed", run, actor, why[:400], now, {})
        feed_notices.record_result(run, now=now)
    return run


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _entered(act: str, run: FeedRun, actor: Actor, reason: str, now: int, counts: dict[str, int]) -> None:
    facts = {"source": run.source, "sha256": run.sha256, "rows": run.rows, "state": run.state, **counts}
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"feed:{run.pk}", facts=facts)
