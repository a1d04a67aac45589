"""Auto-replies of mailboxes: follow the journals and send each reply once (L4, P-06).

The reply is claimed in the database before it is sent, and the journal offset is stored after it. After a crash in between, the
message is processed again, and the archive recognizes the reply by its key and bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from civicmail.city.snapshot.published_snapshot import shared_watcher
from civicmail.core.config.settings import Settings
from civicmail.core.disk.tail import Record
from civicmail.front.worker.forecast_replies import FORECAST_REQUESTS, ForecastReplies
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.journal_reader import begin, read
from civicmail.front.worker.own_mailer import OwnMailer, OwnMessage
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.records import Capture, Source, Type
from civicmail.mail.courier.auto_reply import Responder, build, key, needs_answer
from civicmail.mail.courier.auto_reply_messages import AutoReplyMessages

if TYPE_CHECKING:  # Django is started later
    from civicmail.city.identity.models import AutoReply

NOTE_EVERY = 5_000
"""ms between two writes of the journal offset; after a reply it is written at once."""


def answers(context: JobContext) -> Iterator[Work]:
    """Send automatic replies."""
    with closing(AutoReplies(context.settings, context.data, context.clock)) as replier:

        def work() -> int:
            while not (answered := replier.step()) and not replier.is_done:
                pass
            return answered

        yield work


class AutoReplies:
    """Not safe for concurrent rounds. clock: epoch ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        from civicmail.city.identity.actions import journal_offsets
        from civicmail.city.identity.models import HeardForAnswers

        self._settings = settings
        self._clock = clock
        self._letters = AutoReplyMessages(data)
        self._watch = shared_watcher(data, clock)
        self._post = OwnMailer(settings, data, clock, self._watch)
        self._tail = begin(data, journal_offsets.read_offsets(HeardForAnswers))
        self._noted = clock()
        self._checking = ForecastReplies(settings, data, clock)
        self._questions: list[Capture] = []
        self.is_done = False

    def step(self) -> int:
        """Read new records and send replies. Returns how many. Raises LaterError if the archive cannot commit."""
        from civicmail.city.identity.actions import journal_offsets
        from civicmail.city.identity.models import HeardForAnswers
        from civicmail.city.identity.queries import autoreplies

        now = self._clock()
        matches: list[tuple[Capture, AutoReply]] = []
        texts = cache(lambda: {r.mailbox.address: r for r in autoreplies.of_mailboxes()})  # asked in rounds in which there is mail
        has_more = read(self._tail, lambda record: self._hear(record, texts, matches))
        own_replies = [own for capture, reply in matches if (own := self._compose(capture, reply)) is not None]
        if own_replies:
            self._post.send(own_replies, Source("local", "answers"))
        for question in self._questions:
            self._checking.answer(question)
        answered = len(own_replies) + len(self._questions)
        self._questions = []
        if answered or not has_more or not 0 <= now - self._noted < NOTE_EVERY:
            self._noted = now
            journal_offsets.store_offsets(HeardForAnswers, self._tail.positions)
        self.is_done = not has_more
        return answered

    def close(self) -> None:
        self._checking.close()

    def _hear(self, record: Record, of: Callable[[], dict[str, AutoReply]], matches: list[tuple[Capture, AutoReply]]) -> None:
        if record.type == Type.RECEIPT and FORECAST_REQUESTS.matches(record.head):
            self._questions.append(Capture.from_head(record.head))
            return
        if record.type not in (Type.RECEIPT, Type.DECIDED) or not (texts := of()):
            return
        if record.type == Type.RECEIPT:
            if any(address.encode() in record.head.lower() for address in texts):
                capture = Capture.from_head(record.head)
                matches += _matching(capture, {d.to: (d.do, d.rules) for d in capture.dispositions}, texts)
            return
        head = orjson.loads(record.head)
        decided = (head["facts"]["do"], tuple(head["facts"]["rules"]))
        if (later := self._letters.capture(record.id)) is not None:
            matches += _matching(later, dict.fromkeys(head["to"], decided), texts)

    def _compose(self, capture: Capture, reply: AutoReply) -> OwnMessage | None:
        """Compose and claim the mailbox's reply; None if it sends none."""
        from civicmail.city.identity.actions import autoreply_claims

        city = self._settings.city
        box, snapshot = reply.mailbox, self._watch.current
        known = snapshot.mailboxes.get(box.address) if snapshot is not None else None
        sender = capture.envelope.sender
        inside = sender.rpartition("@")[2].lower() in city.domains
        words = reply.text if inside else reply.outside
        if not words or not self._letters.is_for_a_person(capture.id, known.addresses if known is not None else (box.address,)):
            return None
        if not autoreply_claims.claim(reply, sender, capture.uuid, received=capture.received):
            return None
        answer = Responder(box.address, known.name if known is not None else box.name)
        return OwnMessage(key(capture, box.address), sender, build(capture, answer, words, city.name, city.host))


def _matching(
    capture: Capture, decided: dict[int, tuple[str, tuple[str, ...]]], texts: dict[str, AutoReply]
) -> list[tuple[Capture, AutoReply]]:
    """The replies to a capture, once for each mailbox, with the texts in force at receipt."""
    from civicmail.city.guard.epoch import epoch_ms

    by_mailbox: dict[str, AutoReply] = {}
    for index, (do, rules) in sorted(decided.items()):
        recipient = capture.envelope.recipients[index]
        reply = texts.get(recipient.box or recipient.address.lower())
        if reply is None or not epoch_ms(reply.starts) <= capture.received < epoch_ms(reply.until):
            continue
        if needs_answer(capture, index, do, rules, reply.kind):
            by_mailbox[reply.mailbox.address] = reply
    return [(capture, reply) for reply in by_mailbox.values()]
