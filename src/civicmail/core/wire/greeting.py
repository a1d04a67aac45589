"""Greetings, STARTTLS, XCLIENT and XFORWARD, and the commands that carry no mail (RFC 5321 4.1.1, RFC 3207)."""

from __future__ import annotations

from civicmail.core.wire import replies
from civicmail.core.wire.commands import parse_attributes
from civicmail.core.wire.connection import Connection
from civicmail.core.wire.events import PeerChanged, Transaction, Upgrade
from civicmail.core.wire.peer import Peer
from civicmail.core.wire.profile import ServerProfile

_NOT_SMTP = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS", "DELETE", "PATCH", "TRACE"})


class Greeting(Connection):
    """The part of a session about its peer; it has the transaction, because a new hello ends it.

    peer: identity of the peer, by its own words and those of trusted peers. tls: protocol and cipher, "" for plain text.
    """

    def __init__(self, profile: ServerProfile, client: str, tls: str) -> None:
        super().__init__(profile.max_errors, profile.max_idle)
        self.profile = profile
        self.peer = Peer(client=client)
        self.tls = tls
        self.transaction: Transaction | None = None
        self._forwarded: dict[str, str] = {}
        self._may_introduce = profile.xclient
        self._upgrading = False
        self._greet()

    def secured(self, tls: str) -> None:
        """TLS is up after an Upgrade: the peer is as new (RFC 3207 4.2). tls: protocol and cipher, for the record."""
        self.tls, self._upgrading = tls, False
        self._buffer, self._at = b"", 0
        self._reset()
        self.peer.helo, self.peer.extended = "", False

    @property
    def _lmtp(self) -> bool:
        return self.profile.protocol == "lmtp"

    def _greet(self) -> None:
        self._say(f"220 {self.profile.hostname} {'LMTP' if self._lmtp else 'ESMTP'} Civicmail")

    def _reset(self) -> None:
        self.transaction, self._forwarded = None, {}

    # -- hello

    def _hello(self, argument: str, *, extended: bool, lmtp: bool) -> None:
        if not self._in_step():
            return
        if lmtp != self._lmtp:
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

    def helo(self, argument: str) -> None:
        self._hello(argument, extended=False, lmtp=False)

    def ehlo(self, argument: str) -> None:
        self._hello(argument, extended=True, lmtp=False)

    def lhlo(self, argument: str) -> None:
        self._hello(argument, extended=True, lmtp=True)

    # -- TLS, and other people's clients

    def starttls(self, argument: str) -> None:
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

    def xclient(self, argument: str) -> None:
        if not self._in_step():
            return
        if not self._may_introduce:
            self._mistake("550 5.7.0 XCLIENT is not for you", "XCLIENT")
        elif self.transaction is not None:
            self._mistake("503 5.5.1 Mail transaction in progress", "XCLIENT")
        else:
            attributes = parse_attributes("XCLIENT", argument)
            self.peer = self.peer.introduced(attributes)
            self._may_introduce = "ADDR" not in attributes
            self._reset()
            self._greet()
            self._events.append(PeerChanged())

    def xforward(self, argument: str) -> None:
        if not self.profile.xforward:
            self._mistake("550 5.7.0 XFORWARD is not for you", "XFORWARD")
        elif self.transaction is not None:
            self._mistake("503 5.5.1 Mail transaction in progress", "XFORWARD")
        else:
            self._forwarded.update(parse_attributes("XFORWARD", argument))
            self._pastime(replies.OK)

    # -- the small commands

    def noop(self, argument: str) -> None:
        self._pastime(replies.OK)

    def vrfy(self, argument: str) -> None:
        self._pastime("252 2.1.5 Not verified; send the message and see" if argument else "501 5.5.4 VRFY wants an address")

    def help(self, argument: str) -> None:
        self._pastime("214 2.0.0 RFC 5321; postmaster answers questions")

    def quit(self, argument: str) -> None:
        self._part("221 2.0.0 Bye", "quit")

    def _unknown(self, verb: str) -> None:
        if verb in _NOT_SMTP or ":" in verb:
            # HTTP or header lines: an attacker makes a program talk to us that means another server (Postfix
            # smtpd_forbidden_commands)
            self._part("554 5.5.1 This is not SMTP", "not smtp")
        else:
            self._mistake("500 5.5.1 Command not recognized", "unknown command")
