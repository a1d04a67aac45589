"""Run every worker job once, in the order in which they are declared."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import LeaseHeld
from civicmail.front.checkup import job_registry
from civicmail.front.worker.processes import JobContext, Prepare, run_once


@dataclass(slots=True)
class Done:
    """Records integrated, indexed and sealed; extracted: captures whose attachments were read; released: held messages that may go;
    linked: links recorded; looked: records that the learner looked at; signed: 1 when a checkpoint was signed; cosigned: by how
    many witnesses; carried: entries of people's acts; dated: what had a date that has come; noticed: notices that were sent;
    written: messages of the pages that were sent or refused; answered: messages that mailboxes answered by themselves; told:
    entries that programs were told of; followed, exported, compared, replayed, produced, disposed: rounds that did something; busy:
    jobs that others do."""

    integrated: int = 0
    indexed: int = 0
    extracted: int = 0
    released: int = 0
    linked: int = 0
    looked: int = 0
    sealed: int = 0
    signed: int = 0
    cosigned: int = 0
    carried: int = 0
    dated: int = 0
    noticed: int = 0
    written: int = 0
    answered: int = 0
    told: int = 0
    followed: int = 0
    exported: int = 0
    compared: int = 0
    replayed: int = 0
    produced: int = 0
    disposed: int = 0
    busy: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def tick(settings: Settings, data: Path, prepare: Prepare | None = None) -> Done:
    """Do one round; what cannot be done for want of a lease is named. prepare: of the database, where there is one."""
    done = Done()
    for job in job_registry.jobs(settings):
        if not job.counts or (job.has_database and prepare is None):
            continue
        try:
            counts = run_once(job, JobContext(settings, data, instance=job.instance), prepare or (lambda: None))
        except LeaseHeld:
            done.busy.append(job.name)
        else:
            for name, count in counts.items():
                setattr(done, name, getattr(done, name) + count)
    return done
