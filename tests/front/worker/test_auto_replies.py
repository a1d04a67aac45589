"""Mailboxes answer by themselves: once a sender and week, once a message wherever a process died (L4, P-06)."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from city.identity import staff
from civicmail.city.directory.models import Address, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.identity.actions import access_end, autoreplies
from civicmail.city.identity.actions.publishing import publish
from civicmail.city.identity.models import AutoReply, HeardForAnswers
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.load import load
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.worker.auto_replies import AutoReplies
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import Pipeline

pytestmark = pytest.mark.django_db

MS = staff.MS
OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
HEAD = Actor("head", "Head", departments=frozenset({"clerk"}))


class Town:
    """A data folder whose clock stands where a test puts it."""

    def __init__(self, data: Path) -> None:
        self.data, self.now, self.settings = data, MS, load(data)
        head = staff.person("head")
        where = staff.department(head=head)
        staff.employed(head, where)
        self.ann = staff.worker("ann", where, head)
        self.box = Mailbox.objects.get(address="ann@city.example")
        publish(MS)

    def comes(self, sender: str = "bob@home.example", *fields: str, to: str = "ann@city.example") -> str:
        """A message from outside, as the gateway keeps it; its capture id."""
        text = "\r\n".join([f"From: {sender}", f"To: {to}", "Message-ID: <1@home.example>", *fields, "", "Hi", ""])
        watch = SnapshotWatcher(self.data, lambda: self.now)

        async def accept() -> str:
            commit = GroupCommit(Writer(self.data, lambda: self.now))
            try:
                pipeline = Pipeline(commit, people=lambda: watch.current)
                envelope = Envelope(sender, (Recipient(to),), self.now)
                return str(uuid.UUID(bytes=(await pipeline.accept(text.encode(), envelope, Source("mx"))).id))
            finally:
                await commit.close()

        return asyncio.run(accept())

    def answers(self) -> list[Capture]:
        """What mailboxes answered, in order."""
        machine = Machine(self.data)
        found = [machine.capture(id_) for id_ in machine.ids()]
        return sorted((c for c in found if c.source.name == "answers"), key=lambda c: c.received)

    def work(self) -> int:
        """Everything that wants an answer gets it, by a worker that begins now; how many."""
        answering, count = AutoReplies(self.settings, self.data, lambda: self.now), 0
        while not answering.is_done:
            count += answering.step()
        return count


@pytest.fixture
def town(installed: Path) -> Town:
    return Town(installed)


def _away(town: Town, outside: str | None = None) -> AutoReply:
    ann = Actor("ann", "Ann Test")
    return autoreplies.set_autoreply(
        town.box, "Back on Monday.", starts=MS, until=MS + 20 * DAY_MS, outside=outside, actor=ann, reason="away", now=MS
    )


@pytest.mark.rule("P-06", "A mailbox answers a sender once a week.")
def test_a_sender_is_answered_once_a_week(town: Town) -> None:
    _away(town)
    town.comes()
    town.comes()
    assert (town.work(), town.work()) == (1, 0)
    town.now = MS + 7 * DAY_MS - 1
    town.comes()
    town.comes("eve@home.example")
    assert town.work() == 1, "another sender is answered; the first waits for the end of the week"
    town.now = MS + 7 * DAY_MS
    town.comes()
    assert town.work() == 1
    assert [c.envelope.recipients[0].address for c in town.answers()] == [
        "bob@home.example",
        "eve@home.example",
        "bob@home.example",
    ]
    assert {(c.envelope.sender, c.source.kind) for c in town.answers()} == {("", "local")}
    body = Machine(town.data).body(town.answers()[0].id)
    assert b"Auto-Submitted: auto-replied" in body and b"Back on Monday." in body and b"In-Reply-To: <1@home.example>" in body


@pytest.mark.rule("P-06, promise 1", "A process that dies between an auto-reply and its record sends no second one.")
def test_whoever_died_between_the_answer_and_the_note_of_it_answers_nothing_twice(town: Town) -> None:
    _away(town)
    town.comes()
    first = AutoReplies(town.settings, town.data, lambda: town.now)
    assert first.step() == 1
    HeardForAnswers.objects.all().delete()
    town.now += 60_000
    assert town.work() == 1 and len(town.answers()) == 1, "the same message is met again, and the archive knows the answer"


def test_before_its_time_and_after_it_nothing_is_answered_and_lists_never_are(town: Town) -> None:
    _away(town)
    town.now = MS - 1
    town.comes()
    town.now = MS + 1
    town.comes("list@lists.example", "List-Id: <x>")
    town.now = MS + 20 * DAY_MS
    town.comes("eve@home.example")
    assert town.work() == 0 and not town.answers()


def test_people_elsewhere_get_no_answer_where_the_holder_wants_none(town: Town) -> None:
    _away(town, outside="")
    town.comes()
    town.comes("head@city.example")
    assert town.work() == 1 and town.answers()[0].envelope.recipients[0].address == "head@city.example"


@pytest.mark.parametrize("odd", ["a..b@home.example", "a.@home.example"])
def test_a_stranger_with_an_odd_address_keeps_nobody_elses_answer_back(town: Town, odd: str) -> None:
    """P-06: such addresses are in use, and one of them stopped all answers."""
    _away(town)
    town.comes(odd)
    town.comes("eve@home.example")
    assert town.work() == 2
    assert {c.envelope.recipients[0].address for c in town.answers()} == {odd, "eve@home.example"}


def test_for_who_left_the_department_answers_while_the_mail_waits(town: Town) -> None:
    """L4: until its end, and no longer than the holder is gone."""
    _away(town)
    access_end.end_access(town.ann, reason="Retired at the end of the month.", when=MS, actor=OFFICER, now=MS)
    publish(MS)
    town.now = MS + 1000
    town.comes("bob@home.example")
    assert town.work() == 0, "an own answer is not given in the name of who is gone"
    said = "Ann Test does not work here any more."
    autoreplies.set_autoreply(
        town.box, said, starts=MS, until=MS + 9 * DAY_MS, kind="left", actor=HEAD, reason="left", now=town.now
    )
    town.now += 1000
    town.comes("bob@home.example")
    assert town.work() == 1 and said.encode() in Machine(town.data).body(town.answers()[0].id)
    again = staff.employed(town.ann, town.box.department)
    staff.authorized(town.ann, town.box, again, town.box.department.head)
    publish(town.now)
    town.now += 1000
    town.comes("eve@home.example")
    assert town.work() == 0


@pytest.mark.rule("P-06", "The mailbox of a function answers by the same rules as a person's, by any of its addresses.")
def test_the_mailbox_of_a_function_answers_by_the_same_rules(town: Town) -> None:
    """By any of its addresses, each sender once, no list; nothing while nobody may read it."""
    office = staff.mailbox("311@city.example", town.box.department)
    staff.authorized(town.ann, office, town.ann.episodes.get(), Person.objects.get(uid="head"), role="delegate")
    Address.objects.create(address="desk@city.example", mailbox=office, since=staff.OLD)
    publish(MS)
    ann = Actor("ann", "Ann Test")
    autoreplies.set_autoreply(office, "We are shut today.", starts=MS, until=MS + 20 * DAY_MS, actor=ann, reason="shut", now=MS)
    town.comes(to="desk@city.example")
    assert town.work() == 1
    town.comes(to="311@city.example")
    town.comes("list@lists.example", "List-Id: <x>", to="311@city.example")
    assert town.work() == 0
    body = Machine(town.data).body(town.answers()[0].id)
    assert b" <311@city.example>" in body and b"We are shut today." in body and b"Auto-Submitted: auto-replied" in body
    office.authorizations.update(state="suspended")
    publish(MS)
    town.now += 1000
    town.comes("eve@home.example", to="311@city.example")
    assert town.work() == 0
