"""A gateway whose city has people: doors with certificates, a published snapshot that a test changes, a clock that it moves."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from city.identity.people import KEY, PASSWORD, T0, city
from civicmail.city.snapshot.credentials import key_path
from civicmail.city.snapshot.published_snapshot import mark_database_alive, publish
from civicmail.city.snapshot.snapshot import Mailbox, Person
from civicmail.core.config.settings import Containment, Listener, Screening, Senders, Settings, Signin
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Event, Type
from mail.gateway.running import Running, running, settings_for
from neighbours.authority import Authority

MX, SUBMISSION, RELAY, IMPLICIT = range(4)


class Clock:
    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now


class Town:
    """publish() gives the doors another snapshot and waits until they have seen it."""

    def __init__(self, data: Path, run: Running, authority: Authority, clock: Clock) -> None:
        self.data = data
        self.run = run
        self.clock = clock
        self.authority = authority
        self._version = 1

    @property
    def ports(self) -> list[int]:
        return self.run.gateway.ports

    def publish(self, *people: Person, mailboxes: tuple[Mailbox, ...] = ()) -> None:
        self._version += 1
        publish(self.data, city(self._version, self.clock.now, people=list(people), mailboxes=list(mailboxes)))
        self.clock.now += 250

    @contextlib.contextmanager
    def client(self, port: int = SUBMISSION, tls: bool = True) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the scratch authority says the least
        if port == IMPLICIT:
            client: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", self.ports[port], timeout=60, context=context)
        else:
            client = smtplib.SMTP("127.0.0.1", self.ports[port], timeout=60)
        try:
            client.ehlo("client.example")
            if tls and port != IMPLICIT:
                client.starttls(context=context)
                client.ehlo("client.example")
            yield client
        finally:
            client.close()

    @contextlib.contextmanager
    def signed_in(self, login: str = "ann@city.example", port: int = SUBMISSION) -> Iterator[smtplib.SMTP]:
        with self.client(port) as client:
            assert sign_in(client, login)[0] == 235
            yield client

    def entries(self) -> list[dict[str, Any]]:
        return [Event.from_head(r.head).facts for r in Tail(self.data).poll() if r.type == Type.ENTRY]


def sign_in(client: smtplib.SMTP, login: str, password: str = PASSWORD) -> tuple[int, str]:
    code, said = client.docmd("AUTH", "PLAIN " + b64encode(f"\0{login}\0{password}".encode()).decode())
    return code, said.decode()


@contextlib.contextmanager
def town(
    data: Path,
    folder: Path,
    *,
    signin: dict[str, Any] | None = None,
    senders: dict[str, str] | None = None,
    scope: tuple[str, ...] = ("printer@city.example", "@app.city.example"),
    checks: tuple[str, ...] = (),
    contains: bool = True,
) -> Iterator[Town]:
    """mx, submission with STARTTLS, a relay with a scope, submission with TLS from the first byte."""
    authority, clock = Authority(folder), Clock()
    certificate, key = authority.issue("mail.city.example")
    tls = {"certificate": str(certificate), "key": str(key), "port": 0}
    base = settings_for(
        Listener(kind="mx", port=0),
        Listener(kind="submission", chunking=True, **tls),
        Listener(kind="relay", port=0, senders=list(scope)),
        Listener(kind="submission", **tls | {"tls": "implicit"}),
    )
    settings = Settings(
        city=base.city,
        gateway=base.gateway,
        screening=Screening(checks=list(checks)),
        signin=Signin(**{"delay": 0} | (signin or {})),
        senders=Senders(**(senders or {})),
        containment=Containment(on=contains),
    )
    key_path(data).write_bytes(KEY)
    publish(data, city())
    mark_database_alive(data, T0)
    with running(data, settings, clock=clock) as run:
        yield Town(data, run, authority, clock)
