"""Submit a message from the pages: as the person who wrote it, otherwise as by SMTP (P-06, P-14, P-15). Knows no Django.

    submission = Submission(settings, data, clock)
    submission.forecast(message)       what would happen to each copy at this moment; nothing is archived
    submission.send(message)           durable on return

Both check whether the person may send, whether From is theirs (city/snapshot/sender_alignment.py), the content (mail/screening),
and the active rules (mail/pipeline/policy_decision.py).
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civicmail.city.directory.modes import Modes
from civicmail.city.identity.bars import MAX_OUTSIDE_RECIPIENTS
from civicmail.city.policy import rule_keys
from civicmail.city.policy.delivery import dispositions
from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.city.policy.rules import RuleSet
from civicmail.city.snapshot import sender_alignment
from civicmail.city.snapshot.sender_alignment import has_identification_block
from civicmail.city.snapshot.sender_refusals import smtp_reply
from civicmail.core.config.settings import Settings
from civicmail.core.message.filter_verdicts import header_of
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.wire.paths import parse_path
from civicmail.desk.mailbox.cautions import Caution, cautions
from civicmail.desk.mailbox.errors import AccessUnknown
from civicmail.mail.archive.commit import SHORT_FILE, SPOOL_ABOVE, GroupCommit, Spool, Writer
from civicmail.mail.archive.identity import capture_id, once_bits, same_bits
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Source
from civicmail.mail.courier import secure_routes
from civicmail.mail.gateway.authorization import ONE_AT_A_TIME, Authorization, Member
from civicmail.mail.gateway.recipients import recipient_reply
from civicmail.mail.pipeline import encryption_requests
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.containment import HELD, AnomalyMonitor
from civicmail.mail.pipeline.evaluator import Evaluator
from civicmail.mail.pipeline.policy_decision import Settled
from civicmail.mail.pipeline.receipts import Receipt
from civicmail.mail.pipeline.recipient_expansion import expand
from civicmail.mail.search import message_reader

PAGES_CLIENT = "pages"
"""The name of this entry point in receipts, in place of a listener and of a credential."""
KIND = "submission"
UNIDENTIFIED = "unidentified"
RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class PageMessage:
    """uid: identifies it, so that it is archived once; person: their number; sender: address of the mailbox; to: addresses of the
    envelope; content: the finished message; plain: the sender wants it unencrypted despite findings, and gave a reason."""

    uid: uuid.UUID
    person: str
    sender: str
    to: tuple[str, ...]
    content: bytes
    plain: bool = False


@dataclass(frozen=True, slots=True)
class SenderVerdict:
    """refused: the rule that rejects the sender, with this reply; a 4xx reply: unknown at this moment."""

    refused: str = ""
    reply: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def is_later(self) -> bool:
        return self.reply.startswith("4")


@dataclass(frozen=True, slots=True)
class SubmissionForecast:
    """The forecast for each recipient (with members of lists), with the rules. reply: to an SMTP client, if no recipient gets a
    copy; judged: whether the sender may send it at all; cautions: warnings without a rule."""

    judged: SenderVerdict
    envelope: Envelope
    dispositions: tuple[Disposition, ...]
    book: RuleSet
    reply: str = ""
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """capture: its id in the archive (UUID); refused: the rule if it was not delivered at all, with the reply to a client. If an
    earlier process archived it and its answer was lost, only the id is set."""

    capture: str
    refused: str = ""
    reply: str = ""


class Submission:
    """Safe for any number of threads; one message at a time, in a thread of its own, because the caller may run a loop. clock:
    ms; patient: as in Judging, for callers that may wait for slow checks."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int], *, patient: bool = False) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock
        self._domains = frozenset(settings.city.domains)
        self._modes = Modes(settings, data)
        self._people = Authorization(data, settings, clock, self._modes.of)
        self._patient = patient
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="submission")
        self._runner: asyncio.Runner | None = None
        self._judging: Evaluator | None = None
        self._commit: GroupCommit | None = None
        self._containing: AnomalyMonitor | None = None

    def warm(self) -> None:
        """Start the parts that take long to start."""
        self._thread.submit(lambda: self._ready()[1].warm()).result()

    def close(self) -> None:
        """Close; all messages sent are durable already."""
        try:
            closing = self._thread.submit(self._close_parts)
        except RuntimeError:  # the interpreter ends, and its threads have ended
            self._close_parts()
        else:
            closing.result()
        self._thread.shutdown()

    def idle(self) -> None:
        """Between two messages: close an idle journal, so that it can be sealed."""
        if self._commit is not None:
            self._thread.submit(self._commit.rotate_if_idle).result()

    def book(self) -> RuleSet:
        """The active rules."""
        return self._thread.submit(lambda: self._ready()[1].book).result()

    def unreachable(self, address: str) -> str:
        """The reply to RCPT if mail to this address is not accepted; else empty."""
        path = parse_path(address)
        no = recipient_reply(KIND, path, self._domains)
        return no if no.startswith("5") else self._thread.submit(self._people.check_recipient, KIND, path).result()

    def forecast(self, parcel: PageMessage) -> SubmissionForecast:
        """Forecast each copy at this moment; nothing is archived. Never raises because of the content."""
        return self._thread.submit(self._forecast, parcel).result()

    def send(self, parcel: PageMessage) -> SubmissionResult:
        """Archive it once and send it. Raises AccessUnknown while it is unknown whether the person may send, ComeAgain while a
        required check is unavailable, and LaterError if the archive cannot commit."""
        return self._thread.submit(self._send, parcel).result()

    # -- within its thread

    def _close_parts(self) -> None:
        if self._runner is not None:
            if self._commit is not None:
                self._runner.run(self._commit.close())
            if self._judging is not None:
                self._judging.close()
            self._runner.close()
        self._runner = self._judging = self._commit = None

    def _forecast(self, parcel: PageMessage) -> SubmissionForecast:
        runner, judging = self._ready()
        judged, envelope, snapshot = self._check_sender(parcel), self._envelope(parcel), self._people.now
        if judged.refused or judged.is_later or snapshot is None:
            modes = [self._modes.of(r.address) for r in envelope.recipients]
            return SubmissionForecast(
                judged, envelope, dispositions(modes, KIND, refused=judged.refused), judging.book, judged.reply
            )
        expanded = expand(envelope, snapshot, self._modes.of)
        to, sign = self._anomaly_check().forecast(parcel.content, expanded.envelope, KIND, expanded.settled)
        settled = Settled(expanded.envelope, KIND, len(parcel.content), to)
        warnings = cautions(parcel.content, len(expanded.envelope.recipients), snapshot, self._domains)
        warnings += (Caution("unlike", len(parcel.to)),) if sign not in ("", HELD) else ()
        if judging.is_idle:
            modes = [self._modes.of(r.address) for r in expanded.envelope.recipients]
            decided = self._with_encryption(parcel, expanded.envelope, dispositions(modes, KIND, settled=to))
            return SubmissionForecast(
                judged,
                expanded.envelope,
                decided,
                judging.book,
                cautions=warnings + self._unencryptable(expanded.envelope, decided),
            )
        verdict, _ = runner.run(judging.verdict(parcel.content, settled, snapshot, self._modes.of))
        decided = self._with_encryption(parcel, expanded.envelope, verdict.dispositions)
        warnings += self._unencryptable(expanded.envelope, decided)
        return SubmissionForecast(judged, expanded.envelope, decided, judging.book, verdict.reply, warnings)

    def _unencryptable(self, envelope: Envelope, dispositions: tuple[Disposition, ...]) -> tuple[Caution, ...]:
        """Copies that must be encrypted and have no route at this moment."""
        sealed = (envelope.recipients[d.to].address for d in dispositions if d.secure or d.do == "encrypt")
        outside = [address for address in sealed if self._modes.of(address) is None]
        unencryptable = [
            address for address in outside if not secure_routes.may_leave(self._settings, self._data, address, self._clock())
        ]
        return (Caution("no-way", len(unencryptable), tuple(unencryptable)),) if unencryptable else ()

    def _with_encryption(
        self, parcel: PageMessage, envelope: Envelope, dispositions: tuple[Disposition, ...]
    ) -> tuple[Disposition, ...]:
        """With the sender's wishes for encryption, as accept() applies them."""
        modes = [self._modes.of(r.address) for r in envelope.recipients]
        copies = encryption_requests.apply_override(dispositions, (encryption_requests.OVERRIDE,) if parcel.plain else ())
        return encryption_requests.require_encryption(
            copies, modes, KIND, is_requested=encryption_requests.is_requested(parcel.content)
        )

    def _send(self, parcel: PageMessage) -> SubmissionResult:
        runner, _ = self._ready()
        key = f"write:{parcel.uid}"
        if there := self._archived_id(once_bits(key), hashlib.sha256(parcel.content)):
            return SubmissionResult(there)
        judged = self._check_sender(parcel)
        if judged.is_later:
            raise AccessUnknown(judged.reply)
        receipt = runner.run(self._accepted(parcel, key, judged))
        if judged.refused:
            return SubmissionResult(receipt.uuid, judged.refused, judged.reply)
        rule = next((r for d in receipt.dispositions for r in d.rules if d.do == "refuse"), "") if receipt.reply else ""
        return SubmissionResult(receipt.uuid, rule, receipt.reply)

    def _archived_id(self, bits: bytes, digest: Any) -> str:
        """The capture id under which an earlier process archived these bytes; empty if none did."""
        archive = Archive(self._data)
        if not archive.known(bits, digest.digest()):
            return ""
        capture = capture_id(0, bits)
        return next((p.uuid for p in archive.find(digest.hexdigest()) if same_bits(p.id, capture)), "")

    def _ready(self) -> tuple[asyncio.Runner, Evaluator]:
        self._modes.refresh()
        self._runner = self._runner or asyncio.Runner()
        self._judging = self._judging or Evaluator(self._settings, self._data, self._clock, patient=self._patient)
        return self._runner, self._judging

    def _anomaly_check(self) -> AnomalyMonitor:
        """The check for compromised accounts, for the pages too. Created at first use, because it reads what others sent."""
        if self._containing is None:
            self._containing = AnomalyMonitor(self._settings, self._data, self._clock, lambda: self._people.now, self._journal)
        return self._containing

    def _journal(self) -> str:
        return self._commit.writer.journal.name if self._commit is not None else ""

    def _envelope(self, parcel: PageMessage) -> Envelope:
        recipients = tuple(Recipient(address) for address in dict.fromkeys(parcel.to))
        return Envelope(parcel.sender, recipients, self._clock(), protocol="local", login=f"{parcel.person}/{PAGES_CLIENT}")

    def _check_sender(self, parcel: PageMessage) -> SenderVerdict:
        """Check the sender as a submission listener of the gateway does (mail/gateway/sender_alignment.py)."""
        snapshot = self._people.now
        person = snapshot.people.get(parcel.person) if snapshot is not None else None
        if no := self._people.may_send(Member(parcel.person, person.epoch if person else 0)):
            return SenderVerdict("" if no.startswith("4") else rule_keys.ACCESS_ENDED, no)
        assert snapshot is not None and person is not None, "who may send is known"
        outside = [path for path in map(parse_path, parcel.to) if path.domain not in self._domains]
        if person.restricted and len(outside) > MAX_OUTSIDE_RECIPIENTS:
            return SenderVerdict(RESTRICTED, ONE_AT_A_TIME)
        now, header = self._clock(), header_of(parcel.content)
        verdict = sender_alignment.check(header or b"", parcel.sender, snapshot, person=person, now=now)
        if verdict.refused:
            return SenderVerdict(verdict.refused, verdict.smtp, verdict.findings)
        template = self._settings.senders.identification
        if not template or has_identification_block(message_reader.words(parcel.content), template, snapshot, person, now):
            return SenderVerdict(findings=verdict.findings)
        if self._settings.senders.without_identification == "refuse":
            return SenderVerdict(UNIDENTIFIED, smtp_reply(UNIDENTIFIED), (Finding(sender_alignment.CHECK, UNIDENTIFIED),))
        return SenderVerdict(findings=(*verdict.findings, Finding(sender_alignment.CHECK, UNIDENTIFIED)))

    async def _accepted(self, parcel: PageMessage, key: str, judged: SenderVerdict) -> Receipt:
        """Accept the message through the pipeline for all mail. Large content is written to a spool file, as at every entry
        point."""
        if self._commit is None:
            self._commit = GroupCommit(Writer(self._data, self._clock, file_size=SHORT_FILE))
        writer, envelope = self._commit.writer, self._envelope(parcel)
        content: bytes | Spool = parcel.content
        if len(parcel.content) > SPOOL_ABOVE:
            content = writer.spool(capture_id(envelope.received, once_bits(key)))
            content.write(parcel.content)
        pipeline = Pipeline(self._commit, self._modes.of, lambda: self._people.now, self._judging, self._anomaly_check())
        findings = (*judged.findings, encryption_requests.OVERRIDE) if parcel.plain else judged.findings
        return await pipeline.accept(
            content, envelope, Source(KIND, PAGES_CLIENT), key, findings=findings, rejected_by=judged.refused
        )
