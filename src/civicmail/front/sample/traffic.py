"""Deliver the messages of a simulated day at their times, and retry deferred ones."""

from __future__ import annotations

import heapq
import queue
import smtplib
import threading
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from civicmail.front.sample.day_mail import DueMessage
from civicmail.front.sample.day_plan import Kind
from civicmail.front.sample.installation import Ports
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.receipts import Receipts
from civicmail.front.sample.smtp_client import SmtpClient, SmtpReply

_CONNECTIONS = 12
_AHEAD = 200
"""Messages that are read before their moment."""
_TRIES = 200


class _Due(NamedTuple):
    at: float
    number: int
    kind: Kind
    posting: Posting
    tries: int


class Traffic:
    """offered: messages handed in for the first time, by kind; answers: by kind and "accepted", "refused" or "given up"; put_off:
    4xx answers and broken connections; waits: ms from the first octet of a message to its 250; late: the most seconds by which one
    was handed in after its moment; logins: by address, of whoever signs in for each message: others use the door for programs;
    receipts: told of each answer."""

    def __init__(self, ports: Ports, again: float, receipts: Receipts) -> None:
        self.logins: dict[str, tuple[str, str]] = {}
        self.offered: Counter[Kind] = Counter()
        self.answers: Counter[tuple[Kind, str]] = Counter()
        self.put_off = 0
        self.waits = array("f")
        self.late = 0.0
        self.refusals: Counter[str] = Counter()
        self._ports = ports
        self._receipts = receipts
        self._again = again
        self._ready: queue.PriorityQueue[_Due | tuple[float, int]] = queue.PriorityQueue(_AHEAD)
        self._back: list[_Due] = []
        self._lock = threading.Lock()
        self._open = 0
        self.stop = threading.Event()

    @property
    def accepted(self) -> int:
        return sum(count for (_, answer), count in self.answers.items() if answer == "accepted")

    def run(self, letters: Iterator[DueMessage], patience: float) -> None:
        """Deliver until every message is settled; patience: seconds of retries after the end of the day."""
        threads = [threading.Thread(target=self._carry, name="postman", daemon=True) for _ in range(_CONNECTIONS)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        for number, (at, kind, posting) in enumerate(letters):
            while (early := began + at - time.monotonic()) > 1 and not self.stop.is_set():
                self._bring_back()
                self.stop.wait(min(early - 1, 0.2))
            if self.stop.is_set():
                break
            self._bring_back()
            self._put(_Due(began + at, number, kind, posting, 0))
        end = time.monotonic() + patience
        while self._open and time.monotonic() < end and not self.stop.is_set():
            self._bring_back()
            time.sleep(0.05)
        for _ in threads:
            self._ready.put((float("inf"), 0))
        for thread in threads:
            thread.join()

    def _put(self, message: _Due) -> None:
        with self._lock:
            if not message.tries:
                self.offered[message.kind] += 1
                self._open += 1
        self._ready.put(message)

    def _bring_back(self) -> None:
        while True:
            with self._lock:
                if not self._back or self._back[0].at > time.monotonic() + 1:
                    return
                message = heapq.heappop(self._back)
            self._ready.put(message)

    def _carry(self) -> None:
        doors = {True: SmtpClient(self._ports.relay, "city.example"), False: SmtpClient(self._ports.mx)}
        while isinstance(message := self._ready.get(), _Due):
            if (early := message.at - time.monotonic()) > 0:
                time.sleep(early)
            began = time.monotonic()
            try:
                reply = self._send(message.posting, doors)
                code, text, took = reply.code, reply.text, reply.took
                self._receipts.acknowledged(text, accepted=reply.accepted)
            except (OSError, smtplib.SMTPException):
                code, text, took = 421, "", 0.0
            with self._lock:
                self.late = max(self.late, 0.0 if message.tries else began - message.at)
                self._take(message, code, text, took)
        for door in doors.values():
            door.close()

    def _send(self, posting: Posting, doors: dict[bool, SmtpClient]) -> SmtpReply:
        login = self.logins.get(posting.sender.lower())
        if login is None:
            return doors[posting.inside].send(posting)
        own = SmtpClient(self._ports.people, "desk.city.example", login)
        try:
            return own.send(posting)
        finally:
            own.close()

    def _take(self, message: _Due, code: int, text: str, took: float) -> None:
        if code == 250:
            self.waits.append(took)
            self._settle(message, "accepted")
        elif code >= 500:
            self.refusals[f"{code} {text.partition(' ')[0]}"] += 1
            self._settle(message, "refused")
        else:
            self.put_off += 1
            if message.tries >= _TRIES:
                self._settle(message, "given up")
            else:
                heapq.heappush(self._back, message._replace(at=time.monotonic() + self._again, tries=message.tries + 1))

    def _settle(self, message: _Due, answer: str) -> None:
        self.answers[message.kind, answer] += 1
        self._open -= 1
