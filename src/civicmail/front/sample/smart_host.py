"""A small SMTP or LMTP server that accepts all outgoing mail of the sample city."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from civicmail.core.wire.events import Abandoned, Content, EndOfData, Event, MailFrom, RcptTo
from civicmail.core.wire.profile import ServerProfile
from civicmail.core.wire.server import Session
from civicmail.front.sample.mail import Posting

Take = Callable[[Posting], str]
"""Gets each message that arrived; returns the reply to its last dot."""


class World:
    """Serves from the moment it is made until close.

    port: where; answer: reply to each RCPT; taken: what came, when no take is given.
    """

    def __init__(
        self,
        take: Take | None = None,
        *,
        answer: Callable[[str], str] = lambda _: "250 2.1.5 Ok",
        protocol: Literal["smtp", "lmtp"] = "smtp",
    ) -> None:
        self.taken: list[Posting] = []
        self._take = take or self._keep
        self._answer = answer
        self._profile = ServerProfile(
            hostname="mx.world.example", protocol=protocol, newlines="normalise", max_idle=10_000, dsn=True
        )
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._open: set[socket.socket] = set()
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="world", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Hang up on everybody."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # close alone leaves accept() waiting
        self._server.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep(self, posting: Posting) -> str:
        self.taken.append(posting)
        return "250 2.0.0 Ok"

    def _accept(self) -> None:
        threads = []
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                break
            self._open.add(connection)
            threads.append(threading.Thread(target=self._serve, args=(connection,), name="world session", daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join(5)

    def _serve(self, connection: socket.socket) -> None:
        session, content = Session(self._profile), bytearray()
        with connection, suppress(OSError):
            connection.sendall(session.take_output())
            while not session.closed and (data := connection.recv(65536)):
                events = session.feed(data)
                while events:
                    events = [more for event in events for more in self._hear(session, event, content)]
                connection.sendall(session.take_output())
        self._open.discard(connection)

    def _hear(self, session: Session, event: Event, content: bytearray) -> list[Event]:
        if isinstance(event, MailFrom):
            return session.answer("250 2.1.0 Ok")
        if isinstance(event, RcptTo):
            return session.answer(self._answer(event.path.raw))
        if isinstance(event, Content):
            content += event.data
        elif isinstance(event, Abandoned):
            content.clear()
        elif isinstance(event, EndOfData):
            recipients = [r.path.raw for r in event.transaction.recipients]
            reply = self._take(Posting(event.transaction.sender.raw, recipients, bytes(content)))
            content.clear()
            return session.answer(*([reply] * len(recipients) if session.profile.protocol == "lmtp" else [reply]))
        return []
