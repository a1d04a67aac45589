"""The city worker's part of what rules ask people: findings for use reviewers, notices to senders, digests, and what the time does
to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.worker.listening import JournalReader
from civicmail.front.worker.loops import Job, Work
from civicmail.front.worker.people import Prepare, connected

LEASE = "findings"
EVERY = 1.0
SWEEP_EVERY = 15_000
"""ms between two looks at dates."""
DIGEST_EVERY = 600_000
"""ms between two looks at everything that is kept back: for digests, and for what is given up."""

Clock = Callable[[], int]


def job(data: Path, prepare: Prepare, clock: Clock) -> Job:
    """Django is started; prepare is called before the job begins."""
    return Job("findings", lambda: _follow(data, prepare, clock), EVERY, lease=LEASE)


def one_round(data: Path, clock: Clock) -> int:
    """Once what the job does all the time; how much had a date that has come. Raises LeaseHeld."""
    from civicmail.desk.holding.actions import containing, digests, evidence, giving_up
    from civicmail.desk.holding.actions.hearing import Hearing

    with connected(), Lease.take(lease_path(data, LEASE)):
        JournalReader(data, Hearing(), clock).all()
        due = 0
        while done := containing.let_go():
            due += done
        return due + sweep(clock()) + digests.tell_people(clock()) + giving_up.give_up(clock()) + evidence.keep(clock())


def sweep(now: int) -> int:
    """Everything that has a date, but for digests; how much was done."""
    from civicmail.desk.holding.actions import (
        asking,
        carrying,
        containing,
        forwarded,
        publishing,
        reaping,
        reassigning,
        releases,
        standing,
        verifying,
    )  # fmt: skip
    from civicmail.desk.oversight.actions.shadowing import to_shadow

    containing.publish()
    publishing.written(now)
    reassigning.tell_offices(now)
    done = verifying.lapse(now) + reassigning.put_right(now) + asking.sweep(now) + carrying.finish(now) + standing.review(now)
    return done + reaping.vanish(now) + forwarded.forget(now) + reaping.switch_off(to_shadow, now) + releases.lapse(now)


@contextmanager
def _follow(data: Path, prepare: Prepare, clock: Clock) -> Iterator[Work]:
    from civicmail.desk.holding.actions import containing, digests, evidence, giving_up
    from civicmail.desk.holding.actions.hearing import Hearing

    prepare()
    with connected():
        listening, keeper = JournalReader(data, Hearing(), clock), evidence.Keeper()
        swept = notified = 0

        def work() -> bool:
            nonlocal swept, notified
            has_more, now = listening.step(), clock()
            if not 0 <= now - swept < SWEEP_EVERY:
                swept = now
                sweep(now)
                keeper.step(now)
            if not 0 <= now - notified < DIGEST_EVERY:
                notified = now if digests.tell_people(now) < digests.AT_ONCE and giving_up.give_up(now) < giving_up.AT_ONCE else 0
            return bool(containing.let_go()) or has_more

        yield work
