"""The city worker: ledger, held mail, IMAP disconnects, and the jobs with a database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from civicmail.city.snapshot.published_snapshot import shared_watcher
from civicmail.core.config.clock import now_ms
from civicmail.core.config.settings import Settings
from civicmail.core.disk.frames import NO_ID
from civicmail.core.ledger.notes import Checkpoint
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.front.worker.imap_disconnect import ImapDisconnect
from civicmail.front.worker.job_loop import Job, Work, run_all
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.doveadm import doveadm
from civicmail.mail.courier.release_holds import HoldReleaser

LEDGER_EVERY = 1.0
RETURNING_EVERY = 0.5
KICK_EVERY = 0.25


def run(
    settings: Settings,
    data: Path,
    stop: threading.Event,
    people: Sequence[Job] = (),
    abandon: Callable[[], bool] = lambda: False,
) -> None:
    """Every record becomes a leaf of the ledger within a second; a signed checkpoint follows every hour. people: the jobs of
    people's side (people.py); abandon: as run_all has it."""
    returning = Job("returning", lambda: _returning(data), RETURNING_EVERY, lease="returning")
    jobs = [Job("ledger", lambda: _ledger(settings, data), LEDGER_EVERY), returning, *people]
    if settings.signin.kick:
        jobs.append(Job("kick", lambda: _kick(settings, data), KICK_EVERY, lease="kick"))
    run_all("city", jobs, data, stop, abandon)


@contextmanager
def _returning(data: Path) -> Iterator[Work]:
    """Release held mail whose recipient may read again."""
    job = HoldReleaser(data, shared_watcher(data, now_ms), now_ms)
    yield lambda: job.step() > 0


@contextmanager
def _kick(settings: Settings, data: Path) -> Iterator[Work]:
    """End the IMAP connections of people who lost access."""
    kicking = ImapDisconnect(
        data, shared_watcher(data, now_ms), doveadm(settings.signin.kick, settings.signin.kick_key_file), now_ms
    )
    yield lambda: kicking.step() > 0


@contextmanager
def _ledger(settings: Settings, data: Path) -> Iterator[Work]:
    with Sequencer(data) as ledger:

        def work() -> bool:
            now = now_ms()
            ledger.integrate(now)
            if ledger.due(now, settings.archive.checkpoint_every * 1000):
                record_checkpoint(data, ledger.checkpoint(now), now)
            return False

        yield work


def record_checkpoint(data: Path, signed: Checkpoint, now: int) -> None:
    """Write a checkpoint into a journal too, so that a ledger that was set back is found out."""
    write_events(data, [Event(Type.CHECKPOINT, NO_ID, now, facts=dict(signed.facts))], now)
