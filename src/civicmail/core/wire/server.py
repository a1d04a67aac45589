"""The server side of one SMTP or LMTP connection as a state machine: bytes in, events and replies out (RFC 5321, 2033, 2920).

    session = Session(profile, client="192.0.2.1")
    events = session.feed(data)        # then write session.take_output()
    events = session.answer("250 …")   # after MailFrom, RcptTo, EndOfData, Credentials, Ready; pipelined commands continue

A session that waits for an answer accepts no further command: while `waiting` is set the application stops reading.
"""

from __future__ import annotations

from collections.abc import Callable

from civicmail.core.wire import replies
from civicmail.core.wire.auth import AuthSession
from civicmail.core.wire.commands import parse_chunk, parse_mail, parse_rcpt
from civicmail.core.wire.data import ChunkReceiver, DataReceiver
from civicmail.core.wire.errors import WireError
from civicmail.core.wire.events import (
    Abandoned,
    Content,
    Credentials,
    DataStart,
    EndOfData,
    Event,
    MailFrom,
    RcptTo,
    Ready,
    Transaction,
)
from civicmail.core.wire.profile import ServerProfile

_OVERRUN = 1024 * 1024  # data accepted beyond the size limit once more, so that we can reply after it

_TOO_MANY = "452 4.5.3 Too many recipients"
_TOO_LARGE = "552 5.3.4 Message too large"
_BROKEN_LINES = "550 5.5.2 Message has a bare CR, bare LF or NUL; lines must end with CRLF"
_NEEDS_UTF8 = "553 5.6.7 Address needs SMTPUTF8"


class Session(AuthSession):
    """One connection. The greeting is in the first output; no input makes `feed` or `answer` raise."""

    def __init__(self, profile: ServerProfile, *, client: str = "", tls: str = "") -> None:
        super().__init__(profile, client, tls)
        self._receiver: DataReceiver | None = None
        self._chunks: ChunkReceiver | None = None
        self._chunk = (0, False)
        self._lost = ""
        self._dropped = 0
        self._last_words = ""

    @property
    def in_data(self) -> bool:
        """Content is being received."""
        return self._receiver is not None or self._chunks is not None

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
        match waited:
            case EndOfData():
                self._finish(waited.transaction, answers)
            case Credentials():
                self._judged(waited, first)
            case Ready():
                self._readied(first)
            case _:
                self._say(first)
                if first.startswith("2"):
                    self._accept(waited)
        if first.startswith("421"):
            self._close("answer 421")
        elif self._last_words and isinstance(waited, EndOfData):
            self._part(self._last_words, "shutdown")
        return self._run()

    def shut_down(self, reply: str = replies.SHUTTING_DOWN) -> list[Event]:
        """Close when no message is in transfer: now, or after the reply to the present one."""
        if not self.in_data and not isinstance(self.waiting, EndOfData):
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
            elif self._chunks is not None and not self._chunks.between:
                data = self._take(self._chunks.left)
                if not data and self._chunks.left:
                    break
                self._receive_chunk(self._chunks, data)
            elif (line := self._next_line()) is None:
                break
            elif self._exchange is not None:
                if line:
                    self._respond(line)
                else:  # a line that is none has ended the exchange, too
                    self._signed_out()
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

    # -- the transaction

    def mail(self, argument: str) -> None:
        if not self.peer.helo:
            self._pastime("503 5.5.1 Say " + ("LHLO" if self._lmtp else "EHLO") + " first")
        elif self.profile.require_tls and not self.tls:
            self._pastime("530 5.7.0 Must issue a STARTTLS command first")
        elif self.profile.auth and not self.signed_in:
            self._pastime("530 5.7.0 Sign in first")
        elif self.transaction is not None:
            self._pastime("503 5.5.1 Mail transaction in progress")
        else:
            mail = parse_mail(argument, lenient=self.profile.newlines == "normalise")
            if mail.params.pop("AUTH", None) is not None and not self.profile.auth:  # who signed in is the sender (RFC 4954 5)
                self._mistake("555 5.5.4 Parameter not recognized", "AUTH")
            elif "SMTPUTF8" in mail.params and not self.profile.smtputf8:
                self._mistake("555 5.5.4 SMTPUTF8 is not offered", "SMTPUTF8")
            elif not mail.path.is_ascii and "SMTPUTF8" not in mail.params:
                self._mistake(_NEEDS_UTF8, "SMTPUTF8")
            elif int(mail.params.get("SIZE") or 0) > self.profile.max_size:
                self._pastime(_TOO_LARGE)
            else:
                self._ask(mail)

    def rcpt(self, argument: str) -> None:
        if self.transaction is None or self._chunks is not None:
            self._pastime("503 5.5.1 Say MAIL first")
        elif len(self.transaction.recipients) >= self.profile.max_recipients:
            self._beyond()
        else:
            rcpt = parse_rcpt(argument, lenient=self.profile.newlines == "normalise")
            if not rcpt.path.is_ascii and "SMTPUTF8" not in self.transaction.params:
                self._mistake(_NEEDS_UTF8, "SMTPUTF8")
            else:
                self._ask(rcpt)

    def _beyond(self) -> None:
        """Reply to further recipients of a full transaction. Clients send them in a row and must still deliver to the accepted ones
        (RFC 5321 4.5.3.1.10), so as many again do not count as idle commands."""
        assert self.transaction is not None
        self.transaction.beyond += 1
        if self.transaction.beyond <= self.profile.max_recipients:
            self._say(_TOO_MANY)
        else:
            self._pastime(_TOO_MANY)

    def rset(self, argument: str) -> None:
        self._reset()
        self._pastime(replies.OK)

    def _accept(self, waited: MailFrom | RcptTo) -> None:
        if isinstance(waited, MailFrom):
            self.transaction = Transaction(waited.path, waited.params, forwarded=self._forwarded)
        elif self.transaction is not None:
            self.transaction.recipients.append(waited)

    def _missing(self) -> str:
        """Why content cannot be sent now; "" if it can."""
        if self.transaction is None:
            return "503 5.5.1 Say MAIL first"
        if not self.transaction.recipients:
            return "503 5.5.1 No valid recipients" if self._lmtp else "554 5.5.1 No valid recipients"  # RFC 2033 4.2 requires 503
        return ""

    # -- DATA

    def data(self, argument: str) -> None:
        if not self._in_step():
            return
        if argument:
            self._mistake("501 5.5.4 DATA takes no argument", "DATA")
        elif self._chunks is not None:
            self._pastime("503 5.5.1 DATA after BDAT")
        elif missing := self._missing():
            self._pastime(missing)
        elif self.profile.auth:
            self._ask(Ready())
        else:
            self._begin()

    def _begin(self) -> None:
        assert self.transaction is not None
        self._out.append(replies.START_DATA)
        self._receiver, self._lost, self._dropped = DataReceiver(self.profile.newlines), "", 0
        self._events.append(DataStart(self.transaction))

    def _readied(self, reply: str) -> None:
        """Whether content may be sent, of DATA or of the chunk that follows its BDAT in any case."""
        taken = reply.startswith("2")
        if self._chunks is not None:
            self._lost = "" if taken else reply
            if taken and self.transaction is not None:
                self._events.append(DataStart(self.transaction))
            size, last = self._chunk
            self._chunks.open(size, last=last)
        elif taken:
            self._begin()
        else:
            self._say(reply)
            self._reset()

    def _receive(self, receiver: DataReceiver, data: bytes) -> None:
        """Receive content; a rejected message is read to its end, so that the reply reaches the client."""
        content = receiver.feed(data)
        if self._lost:
            self._dropped += len(data)
        elif receiver.refused or receiver.size > self.profile.max_size:
            self._lose("broken lines" if receiver.refused else "too large")
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
            # Only readers with other line endings would take the rest for commands: it is never parsed.
            self._finish(transaction, (_BROKEN_LINES,))
            self._close("broken lines")
        elif self._lost:
            self._finish(transaction, (_TOO_LARGE,))
        else:
            self._ask(EndOfData(transaction, receiver.size, receiver.lines))

    def _lose(self, reason: str) -> None:
        self._lost = reason
        self._events.append(Abandoned(reason))

    def _finish(self, transaction: Transaction, answers: tuple[str, ...]) -> None:
        """The final replies: one, or on LMTP one for each accepted recipient in order (RFC 2033 4.2)."""
        if self._lmtp:
            recipients = len(transaction.recipients)
            for reply in answers if len(answers) == recipients else answers[:1] * recipients:
                self._say(reply)
        else:
            self._say(answers[0])
        self._idle = 0
        self._reset()

    # -- BDAT (RFC 3030): the client counts, so no mark ends the content and any line ending is mended, never refused

    def bdat(self, argument: str) -> None:
        if not self.profile.chunking:
            self._unknown("BDAT")
            return
        try:
            size, last = parse_chunk(argument)
        except WireError as problem:  # the following octets could not be told from commands
            self._part(problem.smtp, "BDAT")
            return
        chunks = self._chunks
        if size + (chunks.size if chunks else 0) > self.profile.max_size + _OVERRUN:
            self._part(_TOO_LARGE, "too large")
            return
        if chunks is None:
            chunks = self._chunks = ChunkReceiver()
            self._lost = self._missing()
            if not self._lost and self.profile.auth:
                self._chunk = (size, last)
                self._ask(Ready())
                return
            if not self._lost and self.transaction is not None:
                self._events.append(DataStart(self.transaction))
        chunks.open(size, last=last)

    def _receive_chunk(self, chunks: ChunkReceiver, data: bytes) -> None:
        content = chunks.feed(data)
        if not self._lost and chunks.size > self.profile.max_size:
            self._lose(_TOO_LARGE)
        elif content and not self._lost:
            self._events.append(Content(content))
        if chunks.left:
            return
        if self._lost:
            self._refuse_chunk(chunks)
        elif not chunks.last:
            self._say(f"250 2.0.0 {chunks.size} octets so far")
        elif self.transaction is not None:
            self._chunks = None
            self._ask(EndOfData(self.transaction, chunks.size, chunks.lines))

    def _refuse_chunk(self, chunks: ChunkReceiver) -> None:
        """Reject a chunk whose octets were read to find the next command; the first rejection ends the transaction."""
        transaction, self._chunks = self.transaction, None
        if transaction is not None and transaction.recipients and chunks.last:
            self._finish(transaction, (self._lost,))
        else:
            self._pastime(self._lost)
            self._reset()

    def _reset(self) -> None:
        super()._reset()
        if self._chunks is not None and not self._lost:
            self._lose("reset")
        self._chunks = None

    def _close(self, reason: str) -> None:
        super()._close(reason)
        self._receiver, self._chunks, self.waiting = None, None, None


_VERBS: dict[str, Callable[[Session, str], None]] = {
    "HELO": Session.helo,
    "EHLO": Session.ehlo,
    "LHLO": Session.lhlo,
    "STARTTLS": Session.starttls,
    "AUTH": Session.auth,
    "XCLIENT": Session.xclient,
    "XFORWARD": Session.xforward,
    "MAIL": Session.mail,
    "RCPT": Session.rcpt,
    "DATA": Session.data,
    "BDAT": Session.bdat,
    "RSET": Session.rset,
    "NOOP": Session.noop,
    "VRFY": Session.vrfy,
    "HELP": Session.help,
    "QUIT": Session.quit,
}
