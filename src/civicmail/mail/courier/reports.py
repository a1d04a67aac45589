"""Send delivery reports to our own senders, each once, through the pipeline like any other mail.

A report is due from the record that requires it until the receipt of the report itself, which has its `once` key. Both are records
of the journals, so a crash at any moment neither loses nor repeats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.outstanding import Entry, report_key
from civicmail.mail.archive.records import Source
from civicmail.mail.courier import dsn
from civicmail.mail.courier.archived_message import Store
from civicmail.mail.courier.delivery_queue import DeliveryQueue

log = get_logger()

_AGAIN_SECONDS = 5.0
_MAX_SENDING = 4


class Reports:
    """Builds and sends due reports."""

    def __init__(
        self, rounds: DeliveryQueue, store: Store, submit: Callable[[bytes, Envelope, Source, str], Awaitable[object]]
    ) -> None:
        self._rounds = rounds
        self._store = store
        self._submit = submit
        self._sent: set[tuple[bytes, int]] = set()  # on their way, or accepted and not yet read back
        self._gate = asyncio.Semaphore(_MAX_SENDING)

    def pump(self) -> None:
        """Start the reports that are owed and not on their way."""
        owed, self._rounds.owed = self._rounds.owed, {}
        for id_ in owed:
            if (entry := self._rounds.outstanding.entries.get(id_)) is None:
                continue
            for index in entry.owed:
                if (id_, index) not in self._sent:
                    self._sent.add((id_, index))
                    self._rounds.spawn(self._send(entry, index))

    async def _send(self, entry: Entry, index: int) -> None:
        async with self._gate:
            try:
                kept = await asyncio.to_thread(self._store.read, entry)
                copy = entry.copies[index]
                settings = self._rounds.settings
                content = dsn.build(kept, index, copy, self._rounds.routes, settings.city.host, settings.web.url)
                envelope = Envelope("", (Recipient(entry.sender),), self._rounds.clock(), protocol="local")
                await self._submit(content, envelope, Source("local", "courier"), report_key(entry.id, index))
            except (OSError, CivicmailError) as error:
                log.error("a delivery report could not be sent, trying again", about=entry.uuid, error=str(error))
                await asyncio.sleep(_AGAIN_SECONDS)
                self._sent.discard((entry.id, index))
                self._rounds.owed[entry.id] = None
