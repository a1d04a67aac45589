"""Incidents of a simulated day: an outage of the smart host, a full disk, a stolen account."""

from __future__ import annotations

import os
import shutil
import smtplib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from civicmail.front.sample import people
from civicmail.front.sample.day_tracker import DayTracker
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.receipts import Receipts
from civicmail.front.sample.smart_host import World
from civicmail.front.sample.smtp_client import SmtpClient

_ROOM = 4 << 30
"""Bytes that a day may need before the disk counts as nearly full."""
BALLAST = "ballast"


@dataclass(slots=True)
class Incident:
    """name: in words; at, until: hours of the day; begin, end: what happens then; under_way, over: how far it is."""

    name: str
    at: float
    until: float
    begin: Callable[[], None]
    end: Callable[[], None]
    under_way: bool = False
    over: bool = False


class SmartHostOutage:
    """The world as a server that may be away: it answers each recipient with 451 then."""

    def __init__(self) -> None:
        self.away = False
        self.taken = 0
        self.world = World(self._take, answer=lambda _: "451 4.3.2 Come again" if self.away else "250 2.1.5 Ok")

    def _take(self, _: object) -> str:
        self.taken += 1
        return "250 2.0.0 Ok"

    def incident(self) -> Incident:
        return Incident("the next hop outside takes nothing", 10.0, 11.0, lambda: self._be(True), lambda: self._be(False))

    def _be(self, away: bool) -> None:
        self.away = away


class Disk:
    """The disk below a data folder, as nearly full as one likes: a file takes what is left above the room that the gateway wants
    free. least: bytes, for the settings."""

    def __init__(self, data: Path) -> None:
        self._path = data.with_name(f"{data.name}.{BALLAST}")
        free = shutil.disk_usage(data.parent).free
        self.least = max(64 << 20, free - 2 * _ROOM)

    def incident(self) -> Incident:
        return Incident("the disk is nearly full", 14.0, 15.0, self._fill, self._empty)

    def _fill(self) -> None:
        more = shutil.disk_usage(self._path.parent).free - self.least + (64 << 20)
        if more > 0:
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, more)

    def _empty(self) -> None:
        with suppress(FileNotFoundError):
            self._path.unlink()


class StolenAccount:
    """Has an account that is not theirs: the same words to a hundred strangers, as fast as they are taken. sent: how many were."""

    COUNT = 120

    def __init__(self, port: int, receipts: Receipts) -> None:
        self.sender, self.login = "", ("", "")
        self._receipts = receipts
        self.sent = 0
        self._port = port
        self._thread = threading.Thread(target=self._send, name="thief", daemon=True)

    def incident(self, watch: DayTracker) -> Incident:
        def begin() -> None:
            watch.suspect = self.sender
            self._thread.start()

        return Incident("an account is taken over", 16.0, 17.0, begin, lambda: None)

    @property
    def is_at_it(self) -> bool:
        """Whether it still sends; does not wait."""
        return self._thread.is_alive()

    def _send(self) -> None:
        postman = SmtpClient(self._port, "thief.example", self.login)
        for number in range(self.COUNT):
            to = f"owner{number}@shop{number}.example"
            with suppress(OSError, smtplib.SMTPException):  # the doors may be locked by now
                reply = postman.send(Posting(self.sender, [to], self._words(number, to)))
                self._receipts.acknowledged(reply.text, accepted=reply.accepted)
                self.sent += reply.accepted
        postman.close()

    def _words(self, number: int, to: str) -> bytes:
        head = f"From: {self.sender}\r\nTo: {to}\r\nSubject: Your refund\r\nMessage-ID: <refund.{number}@{people.DOMAIN}>\r\n"
        return f"{head}\r\nDear customer {number},\r\nyour refund waits. Answer with the number of your card.\r\n".encode()


def play(incidents: Sequence[Incident], hour: float) -> list[str]:
    """Begin and end what is due at this hour. Returns log lines."""
    log_lines = []
    for incident in incidents:
        if not incident.under_way and not incident.over and hour >= incident.at:
            incident.begin()
            incident.under_way = True
            log_lines.append(f"{incident.name}: begins")
        if incident.under_way and hour >= incident.until:
            incident.end()
            incident.under_way, incident.over = False, True
            log_lines.append(f"{incident.name}: is over")
    return log_lines


def stop(incidents: Sequence[Incident]) -> None:
    """Whatever is under way is over."""
    for incident in incidents:
        if incident.under_way:
            incident.end()
            incident.under_way, incident.over = False, True
