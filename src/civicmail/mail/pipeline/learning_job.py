"""The learning job: follow all journals, learn from labels, and publish the model that gateways map.

Labels are records (labels.py). The job writes two kinds itself: mail that was answered, and a few messages that people of the city
sent, are good. Its state in data/screening/ may be deleted: then it is rebuilt from the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

import numpy as np

from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Record, Tail
from civicmail.core.sandbox.errors import Unreadable
from civicmail.mail.archive.commit import SHORT_FILE, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Type, uuid_text
from civicmail.mail.pipeline import automatic_labels, fingerprint_client, training_files, user_reports
from civicmail.mail.pipeline.fingerprints import ReadReport
from civicmail.mail.pipeline.labels import Label, is_inbound, label_of, labeled
from civicmail.mail.pipeline.token_cache import UNREADABLE, TokenCache, scores_of
from civicmail.mail.screening import correspondents, known_senders, learner_file, model
from civicmail.mail.screening.consumer_domains import is_consumer
from civicmail.mail.screening.correspondents import Correspondents, number_of, origin
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.examples import TRUSTED, Example
from civicmail.mail.screening.knownhosts import place_of
from civicmail.mail.screening.learner import Learner, Safe
from civicmail.mail.screening.learner_file import Memory
from civicmail.mail.screening.urls import registrable
from civicmail.mail.search import message_reader

log = get_logger()
LEASE = "learn"
PUBLISH_MS = 5_000
SAVE_MS = 60_000
OLDER_PER_STEP = 100
"""Older captures that are read in one round, when the job starts anew or missed sealed records."""
OLDER_MS, MAX_OLDER = 400 * 86_400_000, 200_000
ANSWERS_BYTES = 1 << 20
"""A larger message of our own is no example, and its References are not read."""


class LearnJob:
    """The learning job, under the lease `learn`; one at a time. domains: the city's, lower case; proves: whether senders are
    authenticated; reports: local parts of addresses for reports by mail. Times are epoch ms. Raises OSError."""

    def __init__(
        self,
        data: Path,
        domains: tuple[str, ...],
        now: int,
        files: Files = OS_FILES,
        *,
        proves: bool = True,
        reports: Sequence[str] = (),
    ) -> None:
        self._data, self._domains, self._files, self._now = data, domains, files, now
        self._proves = proves
        self._reports = user_reports.addresses(reports, domains)
        self._machine = Machine(data)
        self._numbers = TokenCache(self._machine, data)
        self._heard, self._allowed = automatic_labels.InboundIds(), automatic_labels.DailyLimit()
        self._writer: Writer | None = None
        self._known: set[int] = set()
        self._met: set[int] = set()
        self._came: set[int] = set()
        self._changed = False
        self._published = self._saved = self._announced = now
        self._begin()

    @classmethod
    def from_settings(cls, settings: Settings, data: Path, now: int) -> LearnJob:
        proves = "authentication" in settings.screening.checks
        domains = tuple(domain.lower() for domain in settings.city.domains)
        return cls(data, domains, now, proves=proves, reports=settings.screening.reports)

    def _begin(self) -> None:
        saved = self._loaded()
        self._memory = saved or Memory(Learner(self._numbers))
        if saved is not None and "heard" in saved.columns:
            self._heard.load(saved.columns["heard"], saved.columns["captures"])
        self._tail = Tail(self._data, self._memory.positions, bodies=False)
        self._last = dict(self._memory.positions)
        self._people, self._lost = self._read_people()
        self._older: Iterator[bytes] | None = None if saved and not self._lost else self._older_captures()
        self._safe: Safe | None = self._latest()
        self._stamp: tuple[int, ...] = ()
        self._changed = self._is_broken()

    def _is_broken(self) -> bool:
        """Whether gateways cannot load the published model, so that it is published again."""
        try:
            model.read(self._data)
        except (DamagedFile, OSError, KeyError, TypeError, ValueError):
            return True
        return False

    # -- one round ---------------------------------------------------------------------------------------------------------

    def step(self, now: int) -> int:
        """Process new records and publish changes; return how many records were read."""
        self._now = now
        records = self._tail.poll(1000)
        if records:
            self._machine.refresh()
        if self._is_gap(records):
            self._older = self._older_captures()
        for record in records:
            self._record(record)
            self._last[record.journal] = record.number
        seen = len(records) + self._go_back() + self._taught()
        if self._writer is not None:
            self._writer.flush()
            self._writer.rotate_if_idle()
        self._publish_changes()
        return seen

    def _is_gap(self, records: list[Record]) -> bool:
        """Whether records were sealed before we read them."""
        last = dict(self._last)
        for r in records:
            if last.get(r.journal, 0) != r.number - 1:
                return True
            last[r.journal] = r.number
        return False

    def _record(self, record: Record) -> None:
        if record.type == Type.RECEIPT:
            self._receipt(Capture.from_head(record.head), live=True)
        elif record.type == Type.LABELLED:
            self._label(Event.from_head(record.head))

    def _older_captures(self) -> Iterator[bytes]:
        """Older captures, newest first."""
        places = self._machine.places(max(0, self._now - OLDER_MS), self._now)
        return (place.id for place in islice(places, MAX_OLDER))

    def _go_back(self) -> int:
        """Process some older captures: their labels, and who wrote to whom."""
        gone = 0
        while self._older is not None and gone < OLDER_PER_STEP:
            id_ = next(self._older, None)
            if id_ is None:
                self._older = None
                break
            gone += 1
            try:
                self._receipt(self._machine.capture(id_), live=False)
                for event in self._machine.events(id_):
                    if event.type == Type.LABELLED:
                        self._label(event)
            except UNREADABLE as error:
                log.warning("learning.unread", problem=str(error))
        return gone

    # -- receipts ----------------------------------------------------------------------------------------------------------

    def _receipt(self, capture: Capture, *, live: bool) -> None:
        author = str(capture.facts.get("from.address", "")) or capture.envelope.sender.lower()
        if is_inbound(capture):
            self._heard.add(capture.message_id, capture.id)
            self._came.update(origin(sha256, author) for sha256 in capture.facts.get("files.sha256", ()) if author)  # type: ignore[union-attr]
            if author and (not self._proves or known_senders.is_met_by(author, capture.envelope.sender, capture.facts)):
                self._met.add(number_of(author))
        elif capture.source.kind in ("submission", "relay"):
            outside = [r.address for r in capture.envelope.recipients if not self._is_inside(r.address)]
            if capture.envelope.sender and capture.facts.get("message.automatic") is not True:
                self._known.update(map(number_of, outside))  # not recipients of auto-replies, which spam triggers too
                self._known.update(number_of(place_of(registrable(domain))) for domain in _domains(outside))
            if live and user_reports.is_report(capture, self._reports):
                self._report(capture)
            elif live and automatic_labels.is_ours(capture) and capture.size <= ANSWERS_BYTES:
                self._sent_by_city(capture, outside=bool(outside))

    def _sent_by_city(self, capture: Capture, *, outside: bool) -> None:
        """Label a message sent by the city as good, and what it answers."""
        try:
            raw = self._machine.body(capture.id)
        except UNREADABLE:
            return
        traits = automatic_labels.header_traits(raw)
        if not traits.by_hand:
            return
        by = capture.envelope.login.partition("/")[0]
        if outside and self._allowed.allow("sent", by, self._now, each=automatic_labels.SENT_EACH, most=automatic_labels.SENT_ALL):
            self._write(capture.id, Label(False, by, "sent"))
        if not traits.answers:
            return
        try:
            fields, _ = message_reader.fields(raw)
        except Unreadable as error:
            log.warning("learning.unread", problem=str(error))
            return
        answered = self._heard.capture_answered((*fields.in_reply_to, *fields.references[-1:]))
        if answered is not None and self._allowed.allow(
            "answered", by, self._now, each=automatic_labels.ANSWERED_EACH, most=automatic_labels.ANSWERED_ALL
        ):
            self._write(answered, Label(False, by, "answered"))

    def _report(self, capture: Capture) -> None:
        """Label messages that a person of the city reported by mail."""
        try:
            ids = _reported(self._machine.body(capture.id))
            originals = [id_ for one in ids if (id_ := self._heard.capture_answered((one,))) is not None]
            for id_ in originals:
                if user_reports.was_received_by(self._machine.capture(id_), capture.envelope.sender):
                    self._write(id_, Label(True, capture.envelope.login.partition("/")[0], "report"))
        except UNREADABLE as error:
            log.warning("learning.unread", problem=str(error))

    def _write(self, id_: bytes, label: Label) -> None:
        if self._writer is None:
            self._writer = Writer(self._data, lambda: self._now, self._files, SHORT_FILE)
        self._writer.event(labeled(id_, label, self._now))

    def _is_inside(self, address: str) -> bool:
        return address.lower().rpartition("@")[2] in self._domains

    # -- labels ------------------------------------------------------------------------------------------------------------

    def _label(self, event: Event) -> None:
        label, key = label_of(event), uuid_text(event.id)
        if label is None:
            return
        before = self._memory.learner.book.all.get((key, label.by))
        if before is not None and before.at >= event.at:
            return  # read again while going back
        if label.undone:
            book = self._memory.learner.book
            everybody = [by for k, by in book.all if k == key] if label.how in TRUSTED else [label.by]
            for by in everybody:
                self._unlearn(key, by)
            return
        try:
            capture = self._machine.capture(event.id)
            example = Example(key, label.spam, label.by, label.how, event.at, others=scores_of(capture))
            self._learn(example)
        except UNREADABLE as error:
            log.warning("learning.unread", problem=str(error))
            return
        author = str(capture.facts.get("from.address", ""))
        if author and not label.spam and capture.facts.get("auth.dmarc") == "pass" and is_inbound(capture):
            self._known.add(number_of(author))

    def _learn(self, example: Example) -> None:
        made, text = self._numbers.read(example.key)
        learner, texts = self._memory.learner, self._memory.texts
        texts.forget(example.key, example.by)
        if not learner.learn(example, made, self._now):
            return
        self._changed = True
        if example.spam:
            agrees = learner.is_ready and example.odds > 0
            texts.report(example.key, example.by, text, counts=example.how in TRUSTED or agrees)
        else:
            texts.good(example.key, text)

    def _unlearn(self, key: str, by: str) -> None:
        self._memory.texts.forget(key, by)
        if self._memory.learner.unlearn(key, by, self._numbers(key)) is not None:
            self._changed = True

    def _taught(self) -> int:
        """Process changes in the operator's training folder."""
        stamp = training_files.stamp(self._data)
        if stamp == self._stamp:
            return 0
        book = self._memory.learner.book
        have = {e.key: e.spam for e in book.all.values() if e.key.startswith(training_files.PREFIX)}
        there = training_files.listed(self._data)
        for key in have.keys() - there.keys():
            self._unlearn(key, training_files.BY)
        new = sorted(key for key, (spam, _) in there.items() if have.get(key) != spam)  # mixed: a key is a hash
        for key in new[:OLDER_PER_STEP]:
            spam, at = there[key]
            try:
                self._learn(Example(key, spam, training_files.BY, "operator", at))
            except UNREADABLE:
                continue
        if len(new) <= OLDER_PER_STEP:
            self._stamp = stamp
        return min(len(new), OLDER_PER_STEP)

    # -- telling others ----------------------------------------------------------------------------------------------------

    def _publish_changes(self) -> None:
        now = self._now
        if self._known or self._met or self._came or (self._lost and self._older is None):
            every = PUBLISH_MS + len(self._people.met) // 100  # a list of millions is written once a minute
            if now - self._announced >= every or not len(self._people.met):
                self._people = self._people.merged_with(self._known, self._met, self._came)
                correspondents.write(self._data, self._people, self._files)
                self._known, self._met, self._came, self._announced, self._lost = set(), set(), set(), now, False
        if self._changed and now - self._published >= PUBLISH_MS:
            self._publish()
        if self._changed_since_save() and now - self._saved >= SAVE_MS:
            self._save()

    def _publish(self) -> None:
        learner = self._memory.learner
        if self._safe is not None and learner.is_worse(self._safe):
            put = learner.roll_back(self._safe, self._now)
            log.error("spam: the model was rolled back, it would have lost good mail", put_aside=put)
        reported, good = self._memory.texts.indexes()
        made = learner.model(self._now)
        model.write(self._data, replace(made, reported=reported, good=good), self._files)
        self._changed, self._published = False, self._now
        day = datetime.fromtimestamp(self._now / 1000, UTC).date().isoformat()
        if made.edges is not None and day not in learner_file.days(self._data):
            self._tidy()
            self._save(day)
            learner_file.forget_old(self._data, self._files)
            self._safe = learner.safe(made.edges)

    def _latest(self) -> Safe | None:
        """The weights of the last good day."""
        for day in reversed(learner_file.days(self._data)):
            loaded = self._loaded(day)
            if loaded is not None:
                return loaded.learner.safe(loaded.learner.model(self._now).edges)
        return None

    def _tidy(self) -> None:
        """Forget texts of messages that are no longer archived."""
        for key in self._memory.texts.messages():
            if not self._is_there(key):
                self._memory.texts.forget_all(key)

    def _is_there(self, key: str) -> bool:
        if key.startswith(training_files.PREFIX):
            return training_files.is_there(self._data, key)
        return self._machine.place(UUID(key).bytes) is not None

    # -- state -------------------------------------------------------------------------------------------------------------

    def _loaded(self, day: str = "") -> Memory | None:
        try:
            return learner_file.load(self._data, self._numbers, day)
        except (DamagedFile, KeyError, TypeError, ValueError) as error:
            log.error("learning.damaged", problem=str(error))
            return None

    def _read_people(self) -> tuple[Correspondents, bool]:
        """The correspondents, and whether the file was lost and must be rebuilt."""
        try:
            return correspondents.read(self._data), False
        except FileNotFoundError:
            return Correspondents(), False
        except (DamagedFile, KeyError, ValueError) as error:
            log.error("learning.damaged", problem=str(error))
            return Correspondents(), True

    def _changed_since_save(self) -> bool:
        return self._memory.positions != self._tail.positions

    def _save(self, day: str = "") -> None:
        if self._older is not None:
            return  # an incomplete pass back is restarted
        self._memory.positions = dict(self._tail.positions)
        self._memory.columns = {name: np.array(array) for name, array in self._heard.arrays().items()}
        learner_file.save(self._data, self._memory, day, self._files)
        if not day:
            self._saved = self._now

    def close(self) -> None:
        """Publish and save what was learned."""
        if self._changed:
            self._publish()
        self._save()
        if self._writer is not None:
            self._writer.close()


def _domains(addresses: Sequence[str]) -> set[str]:
    """Domains the city writes to, without consumer providers."""
    domains = {a_labels(address.lower().rpartition("@")[2]) for address in addresses}
    return {domain for domain in domains if domain and not is_consumer(domain)}


def _reported(raw: bytes) -> tuple[str, ...]:
    """Message-IDs of the messages attached to a report. Raises Unreadable."""
    return fingerprint_client.ask(ReadReport(), raw).ids
