"""The server side of one SMTP or LMTP connection as a state machine: bytes in, events and replies out (RFC 5321, 2033, 2920).

    session = Session(profile, client="192.0.2.1")
    events = session.feed(data)        # then write session.take_output()
    events = session.answer("250 …")   # after MailFrom, RcptTo, EndOfData; what was pipelined behind it goes on

A session that waits for an answer takes no further command: while `waiting` is set the application stops reading.
"""

from __future__ import annotations

from collections.abc import Callable

from civicmail.core.wire import replies
from civicmail.core.wire.commands import parse_attributes, parse_mail, parse_rcpt
from civicmail.core.wire.connection import Connection
from civicmail.core.wire.data import DataReceiver
from civicmail.core.wire.errors import WireError
from civicmail.core.wire.events import (
    Abandoned,
    Content,
    DataStart,
    EndOfData,
    Event,
    MailFrom,
    PeerChanged,
    RcptTo,
    Transaction,
    Upgrade,
)
from civicmail.core.wire.peer import Peer
from civicmail.core.wire.profile import ServerProfile

_OVERRUN = 1024 * 1024  # what we still listen to, beyond the size limit once more, for the sake of a reply after the data

_NOT_SMTP = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS", "DELETE", "PATCH", "TRACE"})
_TOO_LARGE = "552 5.3.4 Message too large"
_BROKEN_LINES = "550 5.5.2 Message has a bare CR, bare LF or NUL; lines must end with CRLF"
_NEEDS_UTF8 = "553 5.6.7 Address needs SMTPUTF8"


class Session(Connection):
    """One connection. The greeting is in the first output; nothing that a peer sends makes `feed` or `answer` raise."""

    def __init__(self, profile: ServerProfile, *, client: str = "", tls: str = "") -> None:
        super().__init__(profile.max_errors, profile.max_idle)
        self.profile = profile
        self.peer = Peer(client=client)
        self.tls = tls
        self.transaction: Transaction | None = None
        self.waiting: MailFrom | RcptTo | EndOfData | None = None
        self._forwarded: dict[str, str] = {}
        self._xclient = profile.xclient
        self._upgrading = False
        self._receiver: DataReceiver | None = None
        self._lost = ""
        self._dropped = 0
        self._last_words = ""
        self._greet()

    @property
    def in_data(self) -> bool:
        """Content is being received."""
        return self._receiver is not None

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes from the peer; the events they lead to. Bytes after the close or during a TLS upgrade are dropped."""
        if self.closed or self._upgrading:
            return []
        self._append(data)
        return self._run()

    def answer(self, *answers: str) -> list[Event]:
        """Answer what the session waits for; after EndOfData on LMTP one reply for each recipient, or one for all."""
        waited, self.waiting = self.waiting, None
        if self.closed or waited is None:
            return []
        first = answers[0]
        if isinstance(waited, EndOfData):
            self._finish(waited.transaction, answers)
        else:
            self._say(first)
            if first.startswith("2"):
                self._accept(waited)
        if first.startswith("421"):
            self._close("answer 421")
        elif self._last_words and isinstance(waited, EndOfData):
            self._part(self._last_words, "shutdown")
        return self._run()

    def secured(self, tls: str) -> None:
        """TLS is up after an Upgrade: the peer is as new (RFC 3207 4.2). tls: protocol and cipher, for the record."""
        self.tls, self._upgrading = tls, False
        self._buffer, self._at = b"", 0
        self._start_over()

    def shut_down(self, reply: str = replies.SHUTTING_DOWN) -> list[Event]:
        """Close as soon as no message is on its way: now, or after the answer to the one that is being received."""
        if self._receiver is None and not isinstance(self.waiting, EndOfData):
            return self.end(reply, "shutdown")
        self._last_words = reply
        return []

    # -- the run

    def _run(self) -> list[Event]:
        while self.waiting is None and not self.closed and not self._upgrading:
            if self._receiver is not None:
                data = self._take_all()
                if not data:
                    break
                self._receive(self._receiver, data)
            elif (line := self._next_line()) is None:
                break
            elif line:
                self._command(line)
        return self._drain()

    def _command(self, line: bytes) -> None:
        try:
            text = line[:-2].decode("utf-8")
        except UnicodeDecodeError:
            self._mistake("500 5.5.2 Commands must be ASCII or UTF-8", "bytes")
            return
        if not text.isprintable():
            self._mistake("500 5.5.2 Control characters in a command", "control characters")
            return
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        handle = _VERBS.get(verb)
        if handle is None:
            self._unknown(verb)
            return
        try:
            handle(self, argument.strip(" "))
        except WireError as problem:
            self._mistake(problem.smtp, verb)

    def _unknown(self, verb: str) -> None:
        if verb in _NOT_SMTP or ":" in verb:
            # HTTP or header lines: somebody makes a program talk to us that means something else (Postfix smtpd_forbidden_commands)
            self._part("554 5.5.1 This is not SMTP", "not smtp")
        else:
            self._mistake("500 5.5.1 Command not recognised", "unknown command")

    # -- hello, TLS, other people's clients

    def _hello(self, argument: str, *, extended: bool, lmtp: bool) -> None:
        if not self._in_step():
            return
        if lmtp != (self.profile.protocol == "lmtp"):
            self._mistake("500 5.5.1 This is LMTP, say LHLO" if not lmtp else "500 5.5.1 This is SMTP, say EHLO", "hello")
            return
        if not argument:
            self._mistake("501 5.5.4 Say who you are", "hello")
            return
        self._reset()
        self.peer.helo, self.peer.extended = argument, extended
        lines = [self.profile.hostname]
        if extended:
            lines += self.profile.keywords(tls=bool(self.tls))
        self._pastime("250 " + "\n".join(lines))

    def _helo(self, argument: str) -> None:
        self._hello(argument, extended=False, lmtp=False)

    def _ehlo(self, argument: str) -> None:
        self._hello(argument, extended=True, lmtp=False)

    def _lhlo(self, argument: str) -> None:
        self._hello(argument, extended=True, lmtp=True)

    def _starttls(self, argument: str) -> None:
        if not self._in_step():
            return
        if argument:
            self._mistake("501 5.5.4 STARTTLS takes no argument", "STARTTLS")
        elif self.tls:
            self._mistake("503 5.5.1 TLS is already active", "STARTTLS")
        elif not self.profile.starttls:
            self._mistake("502 5.5.1 STARTTLS is not offered", "STARTTLS")
        else:
            self._say("220 2.0.0 Ready to start TLS")
            self._upgrading = True
            self._events.append(Upgrade())

    def _xclient_(self, argument: str) -> None:
        if not self._in_step():
            return
        if not self._xclient:
            self._mistake("550 5.7.0 XCLIENT is not for you", "XCLIENT")
        elif self.transaction is not None:
            self._mistake("503 5.5.1 Mail transaction in progress", "XCLIENT")
        else:
            attributes = parse_attributes("XCLIENT", argument)
            self.peer = self.peer.introduced(attributes)
            self._xclient = "ADDR" not in attributes
            self._reset()
            self._greet()
            self._events.append(PeerChanged())

    def _xforward(self, argument: str) -> None:
        if not self.profile.xforward:
            self._mistake("550 5.7.0 XFORWARD is not for you", "XFORWARD")
        elif self.transaction is not None:
            self._mistake("503 5.5.1 Mail transaction in progress", "XFORWARD")
        else:
            self._forwarded.update(parse_attributes("XFORWARD", argument))
            self._pastime(replies.OK)

    # -- the transaction

    def _mail(self, argument: str) -> None:
        if not self.peer.helo:
            self._pastime("503 5.5.1 Say " + ("LHLO" if self.profile.protocol == "lmtp" else "EHLO") + " first")
        elif self.profile.require_tls and not self.tls:
            self._pastime("530 5.7.0 Must issue a STARTTLS command first")
        elif self.transaction is not None:
            self._pastime("503 5.5.1 Mail transaction in progress")
        else:
            mail = parse_mail(argument, lenient=self.profile.newlines == "normalise")
            if "SMTPUTF8" in mail.params and not self.profile.smtputf8:
                self._mistake("555 5.5.4 SMTPUTF8 is not offered", "SMTPUTF8")
            elif not mail.path.is_ascii and "SMTPUTF8" not in mail.params:
                self._mistake(_NEEDS_UTF8, "SMTPUTF8")
            elif int(mail.params.get("SIZE") or 0) > self.profile.max_size:
                self._pastime(_TOO_LARGE)
            else:
                self._ask(mail)

    def _rcpt(self, argument: str) -> None:
        if self.transaction is None:
            self._pastime("503 5.5.1 Say MAIL first")
        elif len(self.transaction.recipients) >= self.profile.max_recipients:
            self._pastime("452 4.5.3 Too many recipients")
        else:
            rcpt = parse_rcpt(argument, lenient=self.profile.newlines == "normalise")
            if not rcpt.path.is_ascii and "SMTPUTF8" not in self.transaction.params:
                self._mistake(_NEEDS_UTF8, "SMTPUTF8")
            else:
                self._ask(rcpt)

    def _data(self, argument: str) -> None:
        if not self._in_step():
            return
        if argument:
            self._mistake("501 5.5.4 DATA takes no argument", "DATA")
        elif self.transaction is None:
            self._pastime("503 5.5.1 Say MAIL first")
        elif not self.transaction.recipients:
            lmtp = self.profile.protocol == "lmtp"  # RFC 2033 4.2 wants 503
            self._pastime("503 5.5.1 No valid recipients" if lmtp else "554 5.5.1 No valid recipients")
        else:
            self._out.append(replies.START_DATA)
            self._receiver, self._lost, self._dropped = DataReceiver(self.profile.newlines), "", 0
            self._events.append(DataStart(self.transaction))

    def _receive(self, receiver: DataReceiver, data: bytes) -> None:
        """Take some content; what is refused is listened to until its end, so that the reply reaches the client."""
        content = receiver.feed(data)
        if self._lost:
            self._dropped += len(data)
        elif receiver.refused or receiver.size > self.profile.max_size:
            self._lost = "broken lines" if receiver.refused else "too large"
            self._events.append(Abandoned(self._lost))
        elif content:
            self._events.append(Content(content))
        if receiver.ended:
            self._end_of_data(receiver)
        elif self._dropped > self.profile.max_size + _OVERRUN:
            self._part(_BROKEN_LINES if receiver.refused else _TOO_LARGE, self._lost)

    def _end_of_data(self, receiver: DataReceiver) -> None:
        transaction, self._receiver = self.transaction, None
        assert transaction is not None
        self._buffer, self._at = receiver.rest, 0
        if receiver.refused:
            # What follows may be commands only to a reader with other line endings: nothing of it is ever parsed.
            self._finish(transaction, (_BROKEN_LINES,))
            self._close("broken lines")
        elif self._lost:
            self._finish(transaction, (_TOO_LARGE,))
        else:
            self._ask(EndOfData(transaction, receiver.size, receiver.lines))

    def _finish(self, transaction: Transaction, answers: tuple[str, ...]) -> None:
        """The final replies: one, or on LMTP one for each accepted recipient in order (RFC 2033 4.2)."""
        if self.profile.protocol == "lmtp":
            wanted = len(transaction.recipients)
            for reply in answers if len(answers) == wanted else answers[:1] * wanted:
                self._say(reply)
        else:
            self._say(answers[0])
        self._idle = 0
        self._reset()

    def _ask(self, question: MailFrom | RcptTo | EndOfData) -> None:
        self.waiting = question
        self._events.append(question)

    def _accept(self, waited: MailFrom | RcptTo) -> None:
        if isinstance(waited, MailFrom):
            self.transaction = Transaction(waited.path, waited.params, forwarded=self._forwarded)
        elif self.transaction is not None:
            self.transaction.recipients.append(waited)

    # -- the small commands

    def _rset(self, argument: str) -> None:
        self._reset()
        self._pastime(replies.OK)

    def _noop(self, argument: str) -> None:
        self._pastime(replies.OK)

    def _vrfy(self, argument: str) -> None:
        self._pastime("252 2.1.5 Not verified; send the message and see" if argument else "501 5.5.4 VRFY wants an address")

    def _help(self, argument: str) -> None:
        self._pastime("214 2.0.0 RFC 5321; postmaster answers questions")

    def _quit(self, argument: str) -> None:
        self._part("221 2.0.0 Bye", "quit")

    # -- state

    def _greet(self) -> None:
        kind = "LMTP" if self.profile.protocol == "lmtp" else "ESMTP"
        self._say(f"220 {self.profile.hostname} {kind} Civicmail")

    def _reset(self) -> None:
        self.transaction, self._forwarded = None, {}

    def _start_over(self) -> None:
        self._reset()
        self.peer.helo, self.peer.extended = "", False

    def _close(self, reason: str) -> None:
        super()._close(reason)
        self._receiver, self.waiting = None, None


_VERBS: dict[str, Callable[[Session, str], None]] = {
    "HELO": Session._helo,
    "EHLO": Session._ehlo,
    "LHLO": Session._lhlo,
    "STARTTLS": Session._starttls,
    "XCLIENT": Session._xclient_,
    "XFORWARD": Session._xforward,
    "MAIL": Session._mail,
    "RCPT": Session._rcpt,
    "DATA": Session._data,
    "RSET": Session._rset,
    "NOOP": Session._noop,
    "VRFY": Session._vrfy,
    "HELP": Session._help,
    "QUIT": Session._quit,
}
