"""Workers for next hops that speak SMTP or LMTP: each keeps one connection and takes message after message from the lane."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from civicmail.core.config.errors import CivicmailError, LaterError
from civicmail.core.config.log import get_logger
from civicmail.mail.archive.commit import SPOOL_ABOVE
from civicmail.mail.courier import strip_client
from civicmail.mail.courier.archived_message import ArchivedMessage, Store
from civicmail.mail.courier.delivery_outcome import Result, attempts, is_own, our_fault, outcomes
from civicmail.mail.courier.delivery_queue import DeliveryQueue
from civicmail.mail.courier.errors import HopDown, LinkLost
from civicmail.mail.courier.jobs import Job, Lane
from civicmail.mail.courier.link import Link, open_link
from civicmail.mail.courier.marking import CopyMarker, CopyMarks
from civicmail.mail.courier.rendering import fields_to_remove, header_lines, missing_fields, sent_facts
from civicmail.mail.courier.signer import Signer
from civicmail.mail.courier.transfer import Load, transfer

log = get_logger()

LINGER_SECONDS = 5.0
_MAX_SEALED = 2  # large bodies that have to be decrypted into memory
_PAUSE_SECONDS = 1.0


class Remote:
    """Hands over to next hops. stopping: set when no new attempt may begin."""

    def __init__(self, rounds: DeliveryQueue, store: Store, stopping: asyncio.Event, signer: Signer, marking: CopyMarker) -> None:
        self._marking = marking
        self._rounds = rounds
        self._store = store
        self._stopping = stopping
        self._signer = signer
        self._rules = rounds.settings.courier
        self._host = rounds.settings.city.host
        self._large = asyncio.Semaphore(_MAX_SEALED)

    def pump(self, lane: Lane) -> None:
        """See to it that enough workers serve a lane; one alone looks whether a hop that was down is up again."""
        if not len(lane) or self._stopping.is_set() or lane.is_down(self._rounds.clock(), self._rules.retry_first):
            return
        if lane.idle:
            lane.arrived.set()
        most = 1 if lane.failures else self._rules.concurrency
        for _ in range(min(most - lane.workers, len(lane) - lane.idle)):
            lane.workers += 1
            self._rounds.spawn(self._work(lane))

    async def _work(self, lane: Lane) -> None:
        link: Link | None = None
        try:
            while (job := await self._next(lane, link)) is not None:
                try:
                    link = await self._serve(lane, job, link)
                except HopDown as down:
                    self._rounds.give_back(lane, job)
                    await self._went_down(lane, str(down))
                    return
                except LaterError as error:  # the attempt could not be recorded, so nothing was handed over
                    log.error("an attempt could not be recorded", hop=str(lane.hop), error=str(error))
                    self._rounds.give_back(lane, job)
                    link = None
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            lane.workers -= 1
            if link is not None:
                link.close()
            self._rounds.wake.set()

    async def _next(self, lane: Lane, link: Link | None) -> Job | None:
        """The next job; with a connection in hand wait a little for one."""
        while not self._stopping.is_set():
            if (job := self._rounds.take(lane)) is not None:
                return job
            if link is None or not link.is_usable or not await self._linger(lane):
                return None
        return None

    async def _linger(self, lane: Lane) -> bool:
        lane.idle += 1
        lane.arrived.clear()
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await lane.arrived.wait()
        except TimeoutError:
            return False
        finally:
            lane.idle -= 1
        return True

    # -- one job

    async def _serve(self, lane: Lane, job: Job, link: Link | None) -> Link | None:
        """Hand over one job, over this connection while it lasts, else a new one; the connection for the next one."""
        sealed = job.entry.size > SPOOL_ABOVE and self._store.is_sealed(job.entry)
        async with self._large if sealed else contextlib.nullcontext():
            try:
                kept = await asyncio.to_thread(self._store.read, job.entry) if sealed else self._store.read(job.entry)
            except (OSError, CivicmailError) as error:
                await self._finish(job, None, dict.fromkeys(job.tries, our_fault(error)))
                return link
            while True:
                if link is None or not link.is_usable:
                    if link is not None:
                        link.close()
                    link = await open_link(lane.hop, self._host, self._rules)
                    if lane.came_up():
                        log.info("next hop is up again", hop=str(lane.hop))
                        self._rounds.wake.set()
                reused = link.served > 0
                results = await self._transfer(job, kept, link)
                if results is None and reused:
                    link = None  # the next hop had closed it while nothing was said: that is nobody's try
                    continue
                break
        assert results is not None
        await self._finish(job, kept, results)
        return link

    async def _transfer(self, job: Job, kept: ArchivedMessage, link: Link) -> dict[int, Result] | None:
        """None: the connection, used before, ended before anything was answered."""
        try:
            sent = await self._sent(job, kept)
        except (OSError, CivicmailError) as error:
            return dict.fromkeys(job.tries, our_fault(error))
        targets = {i: job.entry.copies[i].target for i in job.tries}
        served = link.served

        async def attempt(indices: list[int]) -> None:
            await self._rounds.attempt(attempts(job, indices, self._rounds.clock(), link.tls))

        try:
            if not job.hop.inside:
                sent = await self._signer.finish(kept, sent)  # the last step: nothing is changed behind it
            return await transfer(
                link,
                Load(kept, tuple(job.tries), sent, targets),
                attempt,
                self._rules.timeout,
            )
        except LinkLost as lost:
            link.abort()
            if served and link.served == served:
                return None
            return dict.fromkeys(job.tries, Result(False, f"4.4.2 {lost} before the end of data"))
        except LaterError:
            link.abort()
            raise
        except Exception as error:  # noqa: BLE001 - damage or a bug met by one message must not strand the others
            log.error("a message could not be handed over", capture=job.entry.uuid, error=repr(error))
            link.abort()
            return dict.fromkeys(job.tries, our_fault(error))

    async def _sent(self, job: Job, kept: ArchivedMessage) -> dict[str, Any]:
        """The `sent` object: changes to the archived bytes in transit; equal for all copies of one job (Rounds). Raises
        NotAsApproved."""
        index = next(iter(job.tries))
        recipients = [kept.capture.envelope.recipients[i].address for i in job.tries]
        marked = await self._marked(job, kept)
        notes = self._store.notes(job.entry, kept, index, self._host, marked.marks) if job.hop.inside else ()
        removed = fields_to_remove(kept, self._host, inside=job.hop.inside)
        notes = [*notes, *missing_fields(kept, self._host)]
        lines = header_lines(kept.capture, self._host, recipients, final=False, notes=notes)
        sent = sent_facts("crlf", lines, removed, marked.replaced)
        apart = job.entry.copies[index].apart
        return await asyncio.to_thread(strip_client.with_approved_files_only, kept, sent, apart) if apart else sent

    async def _marked(self, job: Job, kept: ArchivedMessage) -> CopyMarks:
        """Marks of the copy for its reader; equal for all copies of one job (Rounds)."""
        index = next(iter(job.tries))
        copy = job.entry.copies[index]
        if kept.capture.size > SPOOL_ABOVE:
            return await asyncio.to_thread(self._marking.mark, kept, index, copy.target, copy.marks_in_force, inside=job.hop.inside)
        return self._marking.mark(kept, index, copy.target, copy.marks_in_force, inside=job.hop.inside)

    async def _finish(self, job: Job, kept: ArchivedMessage | None, results: dict[int, Result]) -> None:
        capture = kept.capture if kept is not None else None
        own = is_own(job.entry, self._rounds.routes.is_ours(job.entry.sender))
        await self._rounds.finish(job, outcomes(job, capture, results, self._rounds.clock(), self._rules, own=own))

    # -- a hop that is down

    async def _went_down(self, lane: Lane, reason: str) -> None:
        now = self._rounds.clock()
        if lane.went_down(reason, now, self._rules.retry_first):
            log.warning("next hop is down", hop=str(lane.hop), reason=reason, waiting=len(lane))
        for job in self._rounds.expired(lane):
            kept = None
            with contextlib.suppress(OSError, CivicmailError):
                kept = await asyncio.to_thread(self._store.read, job.entry)
            await self._finish(job, kept, dict.fromkeys(job.tries, Result(False, f"4.4.1 {reason}")))
