"""Jobs for findings: use reviews, notices to senders, digests, deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.front.worker.processes import JobContext

SWEEP_EVERY = 15_000
"""ms between two looks at dates."""
DIGEST_EVERY = 600_000
"""ms between two rounds over the quarantine, for digests and expiry."""

Clock = Callable[[], int]


def findings(context: JobContext) -> Iterator[Work]:
    """Record findings and held mail, notify senders, send digests, and keep the dates of approvals."""
    from civicmail.desk.holding.actions import containment, digests, evidence_holds, expire_quarantine, forget_names
    from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer

    reader, keeper = JournalReader(context.data, HoldingConsumer(), context.clock), evidence_holds.HoldReconciler()
    forgetter = forget_names.NamesForgetter()
    swept = notified = 0

    def work() -> int:
        nonlocal swept, notified
        has_more, now = reader.step(), context.clock()
        if not 0 <= now - swept < SWEEP_EVERY:
            swept = now
            sweep(now)
            keeper.step(now)
        if not 0 <= now - notified < DIGEST_EVERY:
            is_done = digests.send_due(now) < digests.BATCH_SIZE and expire_quarantine.expire(now) < expire_quarantine.BATCH_SIZE
            notified = now if is_done else 0
            forgetter.step(now)
        return bool(containment.release_chosen()) or has_more

    yield work
    reader.finish()


def findings_once(context: JobContext) -> dict[str, int]:
    """Read all journals, then do everything that is due."""
    from civicmail.desk.holding.actions import containment, digests, evidence_holds, expire_quarantine, forget_names
    from civicmail.desk.holding.actions.journal_consumer import HoldingConsumer

    JournalReader(context.data, HoldingConsumer(), context.clock).all()
    now, due = context.clock(), 0
    while done := containment.release_chosen():
        due += done
    due += sweep(now) + digests.send_due(now) + expire_quarantine.expire(now) + evidence_holds.reconcile(now)
    forgetter = forget_names.NamesForgetter()
    while forgetter.step(now):
        pass
    return {"dated": due}


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
