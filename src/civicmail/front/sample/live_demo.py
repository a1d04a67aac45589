"""The live demo: send mail to a running sample city and follow it."""

from __future__ import annotations

import itertools
import smtplib
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.front.sample import installation, month, people, portal_links
from civicmail.front.sample.mail import Posting, messages
from civicmail.front.sample.mail_tracker import MailTracker, SearchTiming
from civicmail.front.sample.name_server import NameServer
from civicmail.front.sample.smart_host import World
from civicmail.front.sample.smtp_client import SmtpClient

_QUESTIONS = (
    "has:attachment", 'subject:"storm drain" OR "street light"', "from:city.example newer_than:1d", "permit OR licence",
    "filetype:pdf", "overtime -budget", "larger:5k", "list:news", "cc:city.example wor*",
    "垃圾 OR Straße OR ώρα", "to:clerk@city.example",
)  # fmt: skip
MONTH = 3000
"""Messages that lie behind the city when the demo opens, about."""

Show = Callable[[], None]
"""Called several times a second; draws what there is to see."""


WEB = 8025  # where the pages are, if that port is free


class LiveDemo:
    """One demo in a new data folder. sent: counts by reply; answers: last index queries; behind: messages of the past month."""

    def __init__(self, data: Path, *, seed: int, rate: float) -> None:
        self.data = data
        self.world, self._names = World(self._take), NameServer()
        self._writing = threading.Lock()
        ports = installation.Ports(*installation.free_ports(3))
        self._claim = installation.claimed(WEB)  # the pages listen there when a month of mail is made
        self.ports = ports._replace(web=WEB) if self._claim is not None else ports
        home = f"http://127.0.0.1:{self.ports.web}"
        text = installation.settings(self.ports, self.world.port, resolver=self._names.address, pages=home)
        installation.make(data, text)
        installation.adopt_law(data)
        installation.adopt_schedules(data)
        self.sent: Counter[str] = Counter()
        self.refused: list[str] = []
        self.took: list[float] = []
        self.behind = 0
        self.answers: list[SearchTiming] = []
        self.began = time.monotonic()
        self._seed, self._rate = seed, rate
        self._questions = itertools.cycle(_QUESTIONS)
        self._next_question = 0.0
        self._stop = threading.Event()

    def __enter__(self) -> LiveDemo:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.world.close()
        self._names.close()
        if self._claim is not None:
            self._claim.close()

    @property
    def elsewhere(self) -> str:
        """Where the pages are, if not at the usual address; else ""."""
        return "" if self.ports.web == WEB else f"Port {WEB} is in use, so the pages of this city are at {self.pages}"

    @property
    def pages(self) -> str:
        """URL of the pages."""
        return f"http://127.0.0.1:{self.ports.web}/demo/"

    def _take(self, posting: Posting) -> str:
        """Accept outgoing mail, and store portal links so that a visitor can be an external recipient."""
        if links := portal_links.links(posting, self.pages.removesuffix("/demo/")):
            with self._writing:
                portal_links.note(self.data, links)
        return "250 2.0.0 Taken by the world"

    @cached_property
    def stage(self) -> MailTracker:
        """Tracks what is sent from the first access on."""
        return MailTracker(self.data, since=round(time.time() * 1000))

    def keep_a_month(self, snapshot: Snapshot) -> None:
        """The mail before today, and who of the city takes mail now; before anything listens."""
        now = datetime.now(UTC)
        self._snapshot = snapshot
        before = month.letters(snapshot, count=MONTH, until=now, seed=self._seed, town=people.DEMO)
        ms = round(now.timestamp() * 1000)
        self.behind = month.keep(self.data, before, snapshot, ms)

    def _mail(self) -> Iterator[Posting]:
        """New messages for people who receive mail."""
        for posting in messages(self._seed + 1, start=datetime.now(UTC), every=0, town=people.DEMO):
            if (reached := month.known(posting, self._snapshot, round(time.time() * 1000))) is not None:
                yield reached

    def wait_for_gateway(self) -> None:
        """Until both listeners greet. Raises LaterError when they do not."""
        installation.wait_for(self.ports, self.data)
        self.began = time.monotonic()

    def perform(self, *, seconds: float | None, show: Show) -> None:
        """Send mail for some seconds or until interrupted, and track it."""
        sender = threading.Thread(target=self._send, name="postman", daemon=True)
        sender.start()
        end = None if seconds is None else time.monotonic() + seconds
        try:
            while end is None or time.monotonic() < end:
                self._watch(show)
        finally:
            self._stop.set()
            sender.join(25)

    def wait_for_the_end(self, *, show: Show, seconds: float = 10) -> None:
        """Until everything that was sent is archived, delivered and found, at most some seconds."""
        end = time.monotonic() + seconds
        self._watch(show)
        while time.monotonic() < end and not (self.stage.is_over and len(self.stage.acts) >= self.sent["accepted"]):
            self._watch(show)

    def _send(self) -> None:
        doors = {True: SmtpClient(self.ports.relay, "city.example"), False: SmtpClient(self.ports.mx)}
        due = time.monotonic()
        for posting in self._mail():
            due = max(due + 1 / self._rate, time.monotonic() - 1)
            if self._stop.wait(max(0.0, due - time.monotonic())):
                break
            try:
                reply = doors[posting.inside].send(posting)
            except (OSError, smtplib.SMTPException) as error:
                self.sent["unanswered"] += 1
                self.refused.append(f"{type(error).__name__}: {error}")
                continue
            self.sent["accepted" if reply.accepted else "refused"] += 1
            self.sent["copies"] += len(posting.recipients) if reply.accepted else 0
            self.took.append(reply.took)
            if not reply.accepted:
                self.refused.append(f"{reply.code} {reply.text}")
        for door in doors.values():
            door.close()

    def _watch(self, show: Show) -> None:
        self.stage.update()
        if time.monotonic() >= self._next_question:
            self._next_question = time.monotonic() + 0.7
            if (answer := self.stage.ask(next(self._questions))) is not None:
                self.answers = [*self.answers[-4:], answer]
        show()
        time.sleep(0.1)

    def summary(self, verified: dict[str, object]) -> Iterator[str]:
        """The end in plain lines. verified: the answer of `verify`."""
        acts = self.stage.acts
        accepted, seconds = self.sent["accepted"], time.monotonic() - self.began
        copies, inside = self.stage.copies, self.stage.copies - self.stage.left
        total = self.sent["copies"]
        yield f"Sent       {accepted} messages for {total} recipients in {seconds:.0f} s; {len(self.refused)} not taken"
        yield f"Archived   {len(acts)} of {accepted}, each before its 250 (median {_median(self.took):.0f} ms)"
        yield f"Delivered  {copies} of {total} copies: {inside} to mailboxes of {people.DOMAIN}, {self.stage.left} to the world"
        waits = [a.indexed - a.archived for a in self.stage.over]
        yield f"Found      {self.stage.indexed} of {accepted} (searchable after {_median(waits) / 1000:.1f} s)"
        problems = verified.get("problems")
        shown = len(problems) if isinstance(problems, list) else problems
        yield f"Verified   {verified.get('messages')} messages, {shown} problems"
        for refused in self.refused[:5]:
            yield f"           not taken: {refused}"
        for problem in (problems if isinstance(problems, list) else [])[:5]:
            yield f"           {problem}"

    def all_held(self, verified: dict[str, object]) -> bool:
        """Whether nothing was lost, everything was delivered and searchable, and verification found no problem."""
        kept = self.behind + self.sent["accepted"] + self.stage.own
        whole = len(self.stage.acts) == self.sent["accepted"] and verified.get("messages") == kept
        return whole and self.sent["accepted"] > 0 and self.stage.is_over and not self.refused and not verified.get("problems")


def _median(values: list[int] | list[float]) -> float:
    return statistics.median(values) if values else 0.0
