"""The client side of one SMTP or LMTP connection as a state machine: bytes in, events and commands out (RFC 5321, 2033, 3207).

    client = Client("mail.city.example")
    events = client.feed(data)          # and write client.take_output()
    client.hello() / client.start_tls() / client.send(mail) / client.content(piece) / client.finish() / client.quit()

One command group is in progress at a time; each ends in one event. MAIL and RCPT are sent together if PIPELINING is offered (RFC
2920); DATA follows when at least one recipient was accepted, so no message is started without recipients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from civicmail.core.wire.dotstuff import Stuffer
from civicmail.core.wire.errors import ReplyError
from civicmail.core.wire.reply_reader import Reply, ReplyReader


@dataclass(frozen=True, slots=True)
class Mail:
    """One transaction. Addresses without brackets; params: the received BODY, SMTPUTF8, RET, ENVID, and REQUIRETLS if the next hops
    must use verified TLS or none."""

    sender: str
    recipients: tuple[MailTo, ...]
    size: int
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailTo:
    """A recipient with its DSN parameters in wire form (RFC 3461)."""

    address: str
    notify: str = ""
    orcpt: str = ""


@dataclass(frozen=True, slots=True)
class Greeted:
    """The server's greeting."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Hello:
    """The answer to EHLO or LHLO (or HELO). offers: keyword in upper case to its arguments."""

    reply: Reply
    offers: dict[str, str]


@dataclass(frozen=True, slots=True)
class TlsAnswer:
    """The answer to STARTTLS; when reply.ok, start TLS on the connection now and call `secured`."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Refused:
    """MAIL, all recipients or DATA were refused: by recipient position, the reply that counts for it."""

    replies: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class GoAhead:
    """Send the content. accepted: positions of the recipients that were taken; refused: the others with their reply."""

    accepted: tuple[int, ...]
    refused: dict[int, Reply]


@dataclass(frozen=True, slots=True)
class Finished:
    """The final answer by position of each accepted recipient (the same one for all with SMTP)."""

    replies: dict[int, Reply]


@dataclass(frozen=True, slots=True)
class Closing:
    """The server sent 421 unasked, or broke the protocol (reply None): the connection is over."""

    reason: str
    reply: Reply | None = None


type ClientEvent = Greeted | Hello | TlsAnswer | Refused | GoAhead | Finished | Closing


class Client:
    """One connection from its first byte. `feed` never raises for anything a server sends."""

    def __init__(self, hostname: str, protocol: Literal["smtp", "lmtp"] = "smtp") -> None:
        self.hostname = hostname
        self.protocol = protocol
        self.offers: dict[str, str] = {}
        self.closed = ""
        self._reader = ReplyReader()
        self._upgrading = False
        self._waiting: list[Callable[[Reply], list[ClientEvent]]] = [self._on_greeting]
        self._out: list[bytes] = []
        self._stuffer: Stuffer | None = None
        self._recipients: list[Reply] = []
        self._accepted: tuple[int, ...] = ()
        self._finals: dict[int, Reply] = {}
        self._mail: Mail | None = None
        self._mail_reply: Reply | None = None
        self._refusal = Refused(())

    # -- what the application calls

    def feed(self, data: bytes) -> list[ClientEvent]:
        """Take bytes from the server. Bytes after the close or between STARTTLS and TLS are dropped (RFC 3207 4.2)."""
        events: list[ClientEvent] = []
        if self.closed or self._upgrading:
            return events
        self._reader.feed(data)
        try:
            while not self.closed and not self._upgrading and (reply := self._reader.next()) is not None:
                events += self._take(reply)
        except ReplyError as error:
            events += self._close(str(error))
        return events

    def take_output(self) -> bytes:
        """Commands and content that are not written yet."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    @property
    def is_idle(self) -> bool:
        """Greeted, nothing under way, nothing unread."""
        return not self._waiting and self._stuffer is None and not self.closed and self._reader.is_empty

    def hello(self) -> None:
        """Introduce ourselves; ends in Hello."""
        verb = "LHLO" if self.protocol == "lmtp" else "EHLO"
        self._command(f"{verb} {self.hostname}", self._on_hello)

    def start_tls(self) -> None:
        """Ask for TLS; ends in TlsAnswer. Only where "STARTTLS" is in offers."""
        self._command("STARTTLS", self._on_start_tls)

    def secured(self) -> None:
        """TLS is established: everything before it is discarded; call `hello` again."""
        self._upgrading = False
        self._reader.clear()
        self.offers = {}

    def send(self, mail: Mail) -> None:
        """Begin a transaction; ends in GoAhead or Refused. At least one recipient."""
        self._mail, self._recipients, self._accepted, self._finals = mail, [], (), {}
        commands = [self._mail_command(mail)] + [self._rcpt_command(to) for to in mail.recipients]
        if "PIPELINING" in self.offers:
            self._out.append(_encode("".join(f"{c}\r\n" for c in commands)))
            self._waiting += [self._on_mail_pipelined, *[self._on_rcpt_pipelined] * len(mail.recipients)]
        else:
            self._command(commands[0], self._on_mail)

    def content(self, piece: bytes) -> None:
        """The next piece of the message; its line ends must be conformant (see `dotstuff.Conformer`)."""
        assert self._stuffer is not None
        if stuffed := self._stuffer.feed(piece):
            self._out.append(stuffed)

    @property
    def finals(self) -> dict[int, Reply]:
        """LMTP: the final answers so far, by position, for a connection that ends between two of them."""
        return dict(self._finals)

    def finish(self) -> None:
        """The end of data; ends in Finished."""
        assert self._stuffer is not None
        self._out.append(self._stuffer.end())
        self._stuffer = None
        expected = len(self._accepted) if self.protocol == "lmtp" else 1
        self._waiting += [self._on_final] * expected

    def quit(self) -> None:
        """Send QUIT without waiting for the reply."""
        if not self.closed and self._stuffer is None:
            self._out.append(b"QUIT\r\n")
        self.closed = self.closed or "quit"

    # -- the server's answers

    def _take(self, reply: Reply) -> list[ClientEvent]:
        if reply.code == 421 and self._waiting != [self._on_greeting]:
            return self._close("the server closes the connection", reply)
        if not self._waiting:
            return self._close("the server answered something that was not asked", reply)
        return self._waiting.pop(0)(reply)

    def _close(self, reason: str, reply: Reply | None = None) -> list[ClientEvent]:
        self.closed, self._waiting = reason, []
        self._reader.clear()
        return [Closing(reason, reply)]

    def _on_greeting(self, reply: Reply) -> list[ClientEvent]:
        if not reply.ok:
            self.closed = "greeting"
        return [Greeted(reply)]

    def _on_hello(self, reply: Reply) -> list[ClientEvent]:
        if reply.is_permanent and self.protocol == "smtp" and not self.offers:
            self._command(f"HELO {self.hostname}", self._on_helo)
            return []
        self.offers = {}
        for line in reply.lines[1:] if reply.ok else ():
            keyword, _, arguments = line.strip().partition(" ")
            self.offers[keyword.upper()] = arguments.strip()
        return [Hello(reply, self.offers)]

    def _on_helo(self, reply: Reply) -> list[ClientEvent]:
        return [Hello(reply, {})]

    def _on_start_tls(self, reply: Reply) -> list[ClientEvent]:
        if reply.ok:
            if not self._reader.is_empty:
                return self._close("the server sent something between STARTTLS and TLS")
            self._upgrading = True
        return [TlsAnswer(reply)]

    def _on_mail(self, reply: Reply) -> list[ClientEvent]:
        assert self._mail is not None
        if not reply.ok:
            return self._refuse((reply,) * len(self._mail.recipients))
        self._command(self._rcpt_command(self._mail.recipients[0]), self._on_rcpt)
        return []

    def _on_rcpt(self, reply: Reply) -> list[ClientEvent]:
        assert self._mail is not None
        self._recipients.append(reply)
        if len(self._recipients) < len(self._mail.recipients):
            self._command(self._rcpt_command(self._mail.recipients[len(self._recipients)]), self._on_rcpt)
            return []
        return self._data_or_not()

    def _on_mail_pipelined(self, reply: Reply) -> list[ClientEvent]:
        self._mail_reply = reply
        return []

    def _on_rcpt_pipelined(self, reply: Reply) -> list[ClientEvent]:
        assert self._mail is not None and self._mail_reply is not None
        self._recipients.append(reply)
        if len(self._recipients) < len(self._mail.recipients):
            return []
        if not self._mail_reply.ok:
            return self._refuse((self._mail_reply,) * len(self._mail.recipients))
        return self._data_or_not()

    def _data_or_not(self) -> list[ClientEvent]:
        self._accepted = tuple(i for i, r in enumerate(self._recipients) if r.ok)
        if not self._accepted:
            return self._refuse(tuple(self._recipients))
        self._command("DATA", self._on_data)
        return []

    def _on_data(self, reply: Reply) -> list[ClientEvent]:
        if reply.code != 354:
            return self._refuse(tuple(reply if i in self._accepted else r for i, r in enumerate(self._recipients)))
        self._stuffer = Stuffer()
        return [GoAhead(self._accepted, {i: r for i, r in enumerate(self._recipients) if not r.ok})]

    def _on_final(self, reply: Reply) -> list[ClientEvent]:
        if self.protocol == "smtp":
            return [Finished(dict.fromkeys(self._accepted, reply))]
        self._finals[self._accepted[len(self._finals)]] = reply
        return [Finished(self._finals)] if len(self._finals) == len(self._accepted) else []

    def _refuse(self, replies: tuple[Reply, ...]) -> list[ClientEvent]:
        """End the transaction: RSET, so that the connection can be used for the next message."""
        self._command("RSET", self._on_reset)
        self._refusal = Refused(tuple(r if not r.ok else _NO_REASON for r in replies))
        return []

    def _on_reset(self, reply: Reply) -> list[ClientEvent]:
        if not reply.ok:
            self.closed = "RSET refused"
        return [self._refusal]

    # -- commands

    def _command(self, line: str, then: Callable[[Reply], list[ClientEvent]]) -> None:
        self._out.append(_encode(f"{line}\r\n"))
        self._waiting.append(then)

    def _mail_command(self, mail: Mail) -> str:
        params = mail.params
        words = [f"MAIL FROM:<{_path(mail.sender)}>"]
        if "SIZE" in self.offers:
            words.append(f"SIZE={mail.size}")
        if "8BITMIME" in self.offers and params.get("BODY", "").upper() == "8BITMIME":
            words.append("BODY=8BITMIME")
        if "SMTPUTF8" in self.offers and ("SMTPUTF8" in params or needs_utf8(mail)):
            words.append("SMTPUTF8")
        if "REQUIRETLS" in params:  # RFC 8689 4.1; a server without it refuses, and nothing is sent
            words.append("REQUIRETLS")
        if "DSN" in self.offers:
            words += [f"{name}={_path(params[name])}" for name in ("RET", "ENVID") if params.get(name)]
        return " ".join(words)

    def _rcpt_command(self, to: MailTo) -> str:
        words = [f"RCPT TO:<{_path(to.address)}>"]
        if "DSN" in self.offers:
            words += [f"NOTIFY={_path(to.notify)}"] if to.notify else []
            words += [f"ORCPT={_path(to.orcpt)}"] if to.orcpt else []
        return " ".join(words)


_NO_REASON = Reply(451, "4.3.0", ("The transaction ended without a reason",))


def needs_utf8(mail: Mail) -> bool:
    """Whether an address needs SMTPUTF8 (RFC 6531)."""
    return not mail.sender.isascii() or any(not to.address.isascii() for to in mail.recipients)


def _path(text: str) -> str:
    """Text from an envelope in a command line: whatever it holds, it stays inside its line."""
    if any(c < " " or c == "\x7f" for c in text):
        raise ValueError("an envelope value has control characters")
    return text


def _encode(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape")
