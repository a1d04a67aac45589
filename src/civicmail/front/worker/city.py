"""Jobs of the city worker that need no database: ledger, held mail, IMAP disconnects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from civicmail.city.snapshot.published_snapshot import shared_watcher
from civicmail.core.config.clock import now_ms
from civicmail.core.disk.frames import NO_ID
from civicmail.core.ledger import checkpoints
from civicmail.core.ledger import sequencer as ledger_sequencer
from civicmail.core.ledger.notes import Checkpoint
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.front.worker.imap_disconnect import ImapDisconnect
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.doveadm import doveadm
from civicmail.mail.courier.release_holds import HoldReleaser


def returning(context: JobContext) -> Iterator[Work]:
    """Release held mail whose recipient may read again."""
    yield HoldReleaser(context.data, shared_watcher(context.data, now_ms), now_ms).step


def kick(context: JobContext) -> Iterator[Work]:
    """End the IMAP connections of people who lost access."""
    signin = context.settings.signin
    kick = doveadm(signin.kick, signin.kick_key_file)
    yield ImapDisconnect(context.data, shared_watcher(context.data, now_ms), kick, now_ms).step


def ledger(context: JobContext) -> Iterator[Work]:
    """Integrate every record into the ledger within a second, and sign a checkpoint every hour."""
    with Sequencer(context.data) as sequencer:
        yield lambda: _integrate(sequencer, context)["integrated"]


def ledger_once(context: JobContext) -> dict[str, int]:
    """Integrate, sign where that is due, and integrate the checkpoint."""
    with Sequencer(context.data) as sequencer:
        done = _integrate(sequencer, context)
        sequencer.integrate(now_ms())
        return done


def _integrate(sequencer: Sequencer, context: JobContext) -> dict[str, int]:
    now = now_ms()
    integrated = sequencer.integrate(now)
    is_due = sequencer.due(now, context.settings.archive.sign_every * 1000)
    if is_due:
        record_checkpoint(context.data, sequencer.checkpoint(now), now)
        checkpoints.thin_out(ledger_sequencer.folder(context.data), now)
    return {"integrated": integrated, "signed": int(is_due)}


def record_checkpoint(data: Path, signed: Checkpoint, now: int) -> None:
    """Write a checkpoint into a journal too, so that a ledger that was set back is found out."""
    write_events(data, [Event(Type.CHECKPOINT, NO_ID, now, facts=dict(signed.facts))], now)
