"""SMTP client on the standard library's smtplib, so that it shares no code with the gateway."""

from __future__ import annotations

import smtplib
import ssl
import time
from contextlib import suppress
from functools import cache
from typing import NamedTuple

from civicmail.front.sample.mail import Posting


class SmtpReply(NamedTuple):
    """The server's reply to a message (or to an earlier command), and its time in ms."""

    code: int
    text: str
    took: float

    @property
    def accepted(self) -> bool:
        return self.code == 250


class SmtpClient:
    """A connection to a server of this machine, reconnected when lost. login: name and password, with implicit TLS; the
    certificate is not verified."""

    def __init__(self, port: int, name: str = "postman.example", login: tuple[str, str] | None = None) -> None:
        self._port = port
        self._name = name
        self._login = login
        self._wire: smtplib.SMTP | None = None

    def send(self, posting: Posting) -> SmtpReply:
        """Send one message; rejected recipients are left out. Raises OSError and smtplib's errors if the server is unavailable."""
        wire = self._wire or self._connect()
        try:
            return self._talk(wire, posting)
        except BaseException:
            self._wire = None
            wire.close()
            raise

    def _talk(self, wire: smtplib.SMTP, posting: Posting) -> SmtpReply:
        began = time.perf_counter()
        answers = [wire.mail(posting.sender, ["body=8bitmime"])]
        if answers[-1][0] == 250:
            answers += [wire.rcpt(r) for r in posting.recipients]
        if any(code in (250, 251) for code, _ in answers[1:]):
            answers.append(wire.data(posting.content))
        code, text = answers[-1]
        if code != 250:
            wire.rset()
        return SmtpReply(code, text.decode(errors="replace"), 1000 * (time.perf_counter() - began))

    def _connect(self) -> smtplib.SMTP:
        if self._login is None:
            wire = smtplib.SMTP("127.0.0.1", self._port, local_hostname=self._name, timeout=20)
            wire.ehlo()
        else:
            wire = smtplib.SMTP_SSL("127.0.0.1", self._port, local_hostname=self._name, timeout=20, context=_context())
            try:
                wire.login(*self._login)
            except BaseException:
                wire.close()
                raise
        self._wire = wire
        return wire

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            with suppress(OSError, smtplib.SMTPException):
                wire.quit()


@cache
def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # of this machine, and made by the city that is played
    return context
