"""AUTH in a session: when it is allowed, its exchange of lines, and the effect of the application's answer (RFC 4954)."""

from __future__ import annotations

from civicmail.core.wire.errors import WireError
from civicmail.core.wire.events import Credentials, Question
from civicmail.core.wire.greeting import Greeting
from civicmail.core.wire.profile import ServerProfile
from civicmail.core.wire.sasl import CANCELLED, LINE_LIMIT, MECHANISMS, Exchange, challenge, decode

_NOT_IN_CLEAR = "538 5.7.11 Encryption is required: say STARTTLS first"
_NO_MECHANISM = "504 5.5.4 That mechanism is not offered"


class AuthSession(Greeting):
    """The part of a session that tracks sign-in. signed_in: the credentials were answered with a 2xx."""

    def __init__(self, profile: ServerProfile, client: str, tls: str) -> None:
        super().__init__(profile, client, tls)
        self.waiting: Question | None = None
        self.signed_in = False
        self._exchange: Exchange | None = None
        self._verdict = ""
        if profile.auth:
            self._line_limit = LINE_LIMIT

    def secured(self, tls: str) -> None:
        super().secured(tls)
        self._signed_out()

    def xclient(self, argument: str) -> None:
        before = self.peer
        super().xclient(argument)
        if self.peer is not before:
            self._signed_out()

    def _signed_out(self) -> None:
        self.signed_in, self._exchange, self._verdict = False, None, ""

    def _ask(self, question: Question) -> None:
        self.waiting = question
        self._events.append(question)

    def auth(self, argument: str) -> None:
        if not self._in_step():
            return
        name, _, initial = argument.partition(" ")
        mechanism = next((m for m in MECHANISMS if m == name.upper()), None)
        if not self.profile.auth:
            self._mistake("502 5.5.1 AUTH is not offered", "AUTH")
        elif not self.tls:
            self._mistake(_NOT_IN_CLEAR, "AUTH")
        elif not self.peer.extended:
            self._mistake("503 5.5.1 Say EHLO first", "AUTH")
        elif self.signed_in or self.transaction is not None:
            self._mistake("503 5.5.1 " + ("Already signed in" if self.signed_in else "Mail transaction in progress"), "AUTH")
        elif not name:
            self._mistake("501 5.5.4 AUTH wants a mechanism", "AUTH")
        elif mechanism is None:
            self._mistake(_NO_MECHANISM, "AUTH")
        else:
            self._exchange = Exchange(mechanism)
            if initial:
                self._respond(initial.encode("utf-8") + b"\r\n")
            else:
                self._say(challenge(self._exchange.question))

    def _respond(self, line: bytes) -> None:
        """A line of the exchange. Nothing may follow it before its answer."""
        exchange = self._exchange
        assert exchange is not None
        if not self._in_step():
            return
        if self._verdict:  # the client got the reason for a refused token (RFC 7628 3.2.3): any response ends it
            verdict = self._verdict
            self._exchange, self._verdict = None, ""
            self._say(verdict)
            return
        try:
            credentials = None if line == b"*\r\n" else exchange.take(decode(line[:-2]))
        except WireError as problem:
            self._exchange = None
            self._mistake(problem.smtp, "AUTH")
            return
        if credentials is not None:
            self._ask(credentials)
        elif line == b"*\r\n":
            self._exchange = None
            self._mistake(CANCELLED, "AUTH")
        else:
            self._say(challenge(exchange.question))

    def _judged(self, credentials: Credentials, reply: str) -> None:
        """The application's answer to credentials."""
        exchange, self._exchange = self._exchange, None
        if reply.startswith("535") and exchange is not None and exchange.refusal:
            self._exchange, self._verdict = exchange, reply
            self._say(challenge(exchange.refusal))
            return
        self.signed_in = reply.startswith("2")
        self._say(reply)
