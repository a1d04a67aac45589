"""Have witnesses cosign the checkpoints of the ledger (promise 2; C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from civicmail.city.notices.http_post import Answer, post, require_address
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Witness
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger import checkpoints, consistency, cosignatures, sequencer
from civicmail.core.ledger.cosignatures import WitnessKey
from civicmail.core.ledger.notes import Checkpoint
from civicmail.front.checkup.witnesses import WitnessStatus, key_of, status_of
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext

log = get_logger()

RETRY_MS = 60_000
"""Between two requests to a witness that did not cosign."""
CLOCKS_DIFFER_MS = 600_000
"""Between our clock and a witness's: above that one of them is wrong."""

Ask = Callable[[bytes], Answer]
"""The body of add-checkpoint -> the answer."""


def witness(context: JobContext) -> Iterator[Work]:
    """Send each new checkpoint to the witnesses, and add their cosignatures to it."""
    witnesses = [Cosigner.of(one, context.data) for one in context.settings.archive.witness]
    yield lambda: sum(one.step(context.clock()) for one in witnesses)


class Cosigner:
    """One witness. ask: sends a request to it."""

    def __init__(self, key: WitnessKey, data: Path, ask: Ask, files: Files = OS_FILES) -> None:
        self._key, self._data, self._ask, self._files = key, data, ask, files
        self._ledger = sequencer.folder(data)
        self._file = status_of(key)
        self._status = self._file.last(data) or WitnessStatus()

    @classmethod
    def of(cls, witness: Witness, data: Path) -> Cosigner:
        """Raises ConfigError."""
        require_address(witness.url)
        url = f"{witness.url.rstrip('/')}/add-checkpoint"
        headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "civicmail"}
        return cls(key_of(witness.key), data, partial(post, url, headers=headers, ca=witness.ca))

    def step(self, now: int) -> int:
        """Ask for a cosignature of the newest checkpoint, unless it has one. Returns how many were got. now: epoch ms."""
        signed = checkpoints.latest(self._ledger)
        if signed is None or (signed.size == self._status.size and not self._status.problem):
            return 0
        if self._status.problem and 0 <= now - self._status.at < RETRY_MS:
            return 0
        before, self._status = self._status, replace(self._cosign(signed, now), at=now)
        self._file.write(self._data, self._status)
        if self._status.problem and self._status.problem != before.problem:
            log.error("a witness did not cosign", witness=self._key.name, problem=self._status.problem)
        return int(not self._status.problem)

    def _cosign(self, signed: Checkpoint, now: int) -> WitnessStatus:
        """The state after one request, or after two where the witness knows another size than we thought."""
        old = min(self._status.size, signed.size)
        answer = self._request(old, signed)
        if answer.status == 409 and (known := _size(answer.body)) is not None and known != old:
            if known > signed.size:
                text = f"it has cosigned {known} entries, and here are only {signed.size}: the ledger was set back"
                return replace(self._status, problem=text, contradicts=True)
            if known < self._status.size:
                log.warning("a witness forgot what it cosigned", witness=self._key.name, known=known, cosigned=self._status.size)
            answer = self._request(known, signed)
        return self._after(answer, signed, now)

    def _request(self, old: int, signed: Checkpoint) -> Answer:
        return self._ask(cosignatures.request(old, consistency.path(self._ledger, old, signed.size), signed))

    def _after(self, answer: Answer, signed: Checkpoint, now: int) -> WitnessStatus:
        if answer.status != 200:
            contradicts = answer.status in (409, 422)
            return replace(self._status, problem=_words(answer), contradicts=contradicts)
        note = f"{signed.note}{answer.body.decode('utf-8', 'replace')}"
        cosignature = cosignatures.find(note, self._key)
        if cosignature is None:
            return replace(self._status, problem="its answer is not signed with its key", contradicts=False)
        checkpoints.add_signature(self._ledger, signed.size, cosignature.line, self._files)
        status = WitnessStatus(now, signed.size, cosignature.at * 1000)
        apart = abs(status.cosigned - now)
        if apart > CLOCKS_DIFFER_MS:
            return replace(status, problem=f"its clock and ours differ by {apart // 1000} seconds")
        return status


def _size(body: bytes) -> int | None:
    text = body.decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() and len(text) < 20 else None


def _words(answer: Answer) -> str:
    if answer.problem:
        return answer.problem
    match answer.status:
        case 403 | 404:
            return "it does not know this ledger: give who runs it keys/ledger.pub"
        case 409:
            return "it has cosigned another ledger of the same size: there are two, or this one was rewritten"
        case 422:
            return "it does not accept that this ledger continues the one that it cosigned: it was rewritten"
        case _:
            return f"it answered {answer.status}"
