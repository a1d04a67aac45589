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
    """What the server answered to the end of a message (or to what came before it), and after how many milliseconds."""

    code: int
    text: str
    took: float

    @property
    def accepted(self) -> bool:
        return self.code == 250


class SmtpClient:
    """One connection to a server of this machine, made when it is needed and made again when it was lost. login: name and password
    of whoever signs in, over TLS from the first octet on; nobody looks whose certificate that is."""

    def __init__(self, port: int, name: str = "postman.example", login: tuple[str, str] | None = None) -> None:
        self._port = port
        self._name = name
        self._login = login
        self._wire: smtplib.SMTP | None = None

    def send(self, posting: Posting) -> SmtpReply:
        """One transaction; refused recipients are left out. OSError and smtplib's errors mean that nobody answered."""
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
