"""Send notices through the pipeline like other mail (P-15)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from civicmail.city.notices.message import NoticeContent, build
from civicmail.city.snapshot.published_snapshot import shared_watcher
from civicmail.core.config.settings import Settings
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.own_mailer import OwnMailer, OwnMessage
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.records import Source

BATCH_SIZE = 200


def notices(context: JobContext) -> Iterator[Work]:
    """Send the city's own mail."""
    yield Sending(context.settings, context.data, context.clock).step


class Sending:
    """Not safe for concurrent rounds. clock: epoch ms."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._post = OwnMailer(settings, data, clock, shared_watcher(data, clock))

    def step(self) -> int:
        """Send what waits, at most AT_ONCE; how many. Raises LaterError where the archive cannot commit."""
        from civicmail.city.guard.epoch import epoch_ms, from_ms
        from civicmail.city.notices import actions, queries

        waiting = queries.waiting(BATCH_SIZE)
        if not waiting:
            return 0
        letters = [self._own(NoticeContent(n.key, n.to, n.subject, n.text, epoch_ms(n.made), n.reply_to)) for n in waiting]
        ids = self._post.send(letters, Source("local", "notices"))
        for notice, id_ in zip(waiting, ids, strict=True):
            actions.mark_sent(notice, id_, now=from_ms(self._clock()))
        return len(waiting)

    def _own(self, letter: NoticeContent) -> OwnMessage:
        city = self._settings.city
        return OwnMessage(f"notice:{letter.key}", letter.to, build(letter, city.name, city.host, self._settings.web.url))
