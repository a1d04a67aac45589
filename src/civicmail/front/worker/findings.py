"""Jobs for findings: use reviews, notices to senders, digests, deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.worker.job_loop import Job, Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.people_jobs import Prepare, connected

LEASE = "findings"
EVERY = 1.0
SWEEP_EVERY = 15_000
"""ms between two looks at dates."""
DIGEST_EVERY = 600_000
"""ms between two rounds over the quarantine, for digests and expiry."""

Clock = Callable[[], int]


def job(data: Path, prepare: Prepare, clock: Clock) -> Job:
    """Django is started; prepare is called before the job begins."""
    return Job("findings", lambda: _follow(data, prepare, clock), EVERY, lease=LEASE)


def one_round(data: Path, clock: Clock) -> int:
    """Once what the job does all the time; how much had a date that has come. Raises LeaseHeld."""
    from civicmail.desk.holding.actions import containment, digests, evidence_holds, expire_quarantine
    from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer

    with connected(), Lease.take(lease_path(data, LEASE)):
        JournalReader(data, HoldingConsumer(), clock).all()
        due = 0
        while done := containment.release_chosen():
            due += done
        return (
            due + sweep(clock()) + digests.send_due(clock()) + expire_quarantine.expire(clock()) + evidence_holds.reconcile(clock())
        )


def sweep(now: int) -> int:
    """Process everything that is due, except digests. Returns how much."""
    from civicmail.desk.holding.actions import (
        approval_execution,
        approval_requests,
        containment,
        expire_findings,
        forwarding_notices,
        publish_approvals,
        reassign_approvals,
        release_requests,
        sender_verification,
        standing_approvals,
    )
    from civicmail.desk.oversight.actions.shadow_rule import to_shadow

    containment.publish()
    publish_approvals.publish_standing(now)
    reassign_approvals.notify_offices(now)
    done = (
        sender_verification.expire(now)
        + reassign_approvals.reassign(now)
        + approval_requests.sweep(now)
        + approval_execution.execute_pending(now)
        + standing_approvals.request_reviews(now)
    )
    return (
        done
        + expire_findings.expire(now)
        + forwarding_notices.forget_old(now)
        + expire_findings.switch_off_imprecise(to_shadow, now)
        + release_requests.expire(now)
    )


@contextmanager
def _follow(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.desk.holding.actions import containment, digests, evidence_holds, expire_quarantine
    from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer

    prepare()
    with connected():
        listening, keeper = JournalReader(data, HoldingConsumer(), clock), evidence_holds.HoldReconciler()
        swept = notified = 0

        def work() -> bool:
            nonlocal swept, notified
            has_more, now = listening.step(), clock()
            if not 0 <= now - swept < SWEEP_EVERY:
                swept = now
                sweep(now)
                keeper.step(now)
            if not 0 <= now - notified < DIGEST_EVERY:
                notified = (
                    now
                    if digests.send_due(now) < digests.BATCH_SIZE and expire_quarantine.expire(now) < expire_quarantine.BATCH_SIZE
                    else 0
                )
            return bool(containment.release_chosen()) or has_more

        yield work
