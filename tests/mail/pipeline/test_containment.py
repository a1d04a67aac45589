"""An account that acts unlike its owner: its mail waits, at every door, until people have decided (P-25)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.policy.rule_keys import CONTAINED
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope
from civicmail.front.worker.baselines import BaselineJob
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.copies import HELD, WAITING
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline import containment_decisions
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.containment import AnomalyMonitor, habits_path, load, sender_of
from civicmail.mail.pipeline.containment_decisions import ContainmentDecisions
from civicmail.mail.pipeline.policy_decision import Settled, decide_copies
from civicmail.mail.screening.screener import Screened
from mail.pipeline.making import NOW, book, envelope, modes, people, rule

MAIL = b"From: bob@city.example\r\nSubject: The minutes of %s street\r\n\r\nHere they are.\r\n"
SETTINGS = Settings()
Send = Callable[..., list[Capture]]


class Door:
    """One process that takes mail."""

    def __init__(self, data: Path, now: Callable[[], int] = lambda: NOW) -> None:
        self.data, self.writer = data, Writer(data, now)
        self.containing = AnomalyMonitor(SETTINGS, data, now, people, lambda: self.writer.journal.name)
        self.count = 0

    def take(
        self,
        many: int,
        *,
        source: str = "submission",
        to: str = "p{}@d.example",
        at: int = NOW,
        raw: bytes = MAIL,
        also: tuple[str, ...] = (),
        **said: Any,
    ) -> list[Capture]:
        """So many messages, one recipient each, a second between them. also: recipients of all of them."""

        async def story() -> list[bytes]:
            commit = GroupCommit(self.writer)
            pipeline = Pipeline(commit, modes, people, None, self.containing)
            found = []
            for n in range(many):
                self.count += 1
                to_ = (to.format(f"{id(self)}-{self.count}"), *also)
                one = envelope(*to_, **{"sender": "bob@city.example", "login": "bob/d1"} | said)
                content = raw.replace(b"%s", _name(self.count))
                receipt = await pipeline.accept(content, replace(one, received=at + n), Source(source))  # type: ignore[arg-type]
                found.append(receipt.id)
            await commit._idle.wait()
            return found

        ids, machine = asyncio.run(story()), Machine(self.data)
        return [machine.capture(id_) for id_ in ids]

    def close(self) -> None:
        self.writer.close()


def _name(count: int) -> bytes:
    return bytes(ord("a") + int(digit) for digit in str(count))


def held(captures: list[Capture]) -> list[bool]:
    return [all(CONTAINED in d.rules and d.do == "hold" for d in c.dispositions) for c in captures]


@pytest.mark.rule("P-25, promise 1", "From the first anomalous message on everything from its sender is held, and archived.")
def test_from_the_message_that_is_unlike_its_sender_everything_waits_and_is_kept(tmp_path: Path) -> None:
    """The first forty have gone, the next waits, and so does a letter to one colleague; others are not touched."""
    door = Door(tmp_path)
    assert held(door.take(45)) == [False] * 40 + [True] * 5
    assert held(door.take(1, to="eve@city.example")) == [True]
    assert held(door.take(1, sender="eve@city.example", login="eve/d9")) == [False]
    assert held(door.take(1, source="mx", sender="ann@out.example", login="", to="bob@city.example")) == [False]
    seen = door.take(1)[0].findings[0]
    assert (seen.check, seen.code) == ("habits", "held") and len(seen.mask) in (0, 16)
    door.close()


@pytest.mark.rule("P-25", "Other processes, and later ones, hold it too.")
def test_another_process_and_a_later_one_hold_it_too(tmp_path: Path) -> None:
    """By the journals, and by the file that the worker keeps."""
    first, second = Door(tmp_path), Door(tmp_path)
    assert held(first.take(25) + second.take(16)) == [False] * 40 + [True]
    first.containing._polled_at = 0  # a quarter of a second is over
    assert held(first.take(1, at=NOW + 999)) == [True]
    second.close(), first.close()
    learning = BaselineJob(SETTINGS, tmp_path, lambda: NOW)
    assert learning.step() and not learning.step()
    learning.save()
    assert load(tmp_path).tripped.keys() == {"bob"} and load(tmp_path).habits["bob"].most
    third = Door(tmp_path)
    assert held(third.take(1, at=NOW + 7_200_000)) == [True], "hours later, too: until somebody has looked"
    third.close()


def _started_anew(data: Path, at: int) -> BaselineJob:
    """The mail worker ends, and comes again."""
    ended = BaselineJob(SETTINGS, data, lambda: at)
    while ended.step():
        pass
    ended.save()
    return BaselineJob(SETTINGS, data, lambda: at)


@pytest.mark.rule("P-25", "An account's messages of the last hour are counted after a restart of gateways and workers.")
def test_a_restart_forgets_nothing_of_the_last_hour(tmp_path: Path) -> None:
    """Whoever was counting is started anew, gateways and workers, and has counted the same; of an hour ago none."""
    first = Door(tmp_path)
    assert held(first.take(30)) == [False] * 30
    first.close()
    _started_anew(tmp_path, NOW + 1000)
    second = Door(tmp_path)
    assert held(second.take(5, at=NOW + 1000)) == [False] * 5
    second.close()
    _started_anew(tmp_path, NOW + 2000)
    third = Door(tmp_path)
    assert held(third.take(6, at=NOW + 3000)) == [False] * 5 + [True]
    third.close()
    _started_anew(tmp_path, NOW + 3_700_000)
    assert not load(tmp_path).habits["bob"].window and "d.example" in load(tmp_path).habits["bob"].domains


@pytest.mark.rule("P-25", "So are messages with equal text, by digests of their words.")
def test_a_restart_forgets_no_words_that_many_messages_share(tmp_path: Path) -> None:
    """They are counted from their digests, whoever they greet."""
    words = b" ".join(b"word%c" % (97 + n) + b"s" * n for n in range(25))
    same = b"From: bob@city.example\r\nSubject: x\r\n\r\n" + words + b"\r\n"
    first = Door(tmp_path)
    assert held(first.take(20, raw=same, to="eve@city.example")) == [False] * 20
    first.close()
    _started_anew(tmp_path, NOW + 1000)
    second = Door(tmp_path)
    assert held(second.take(6, raw=same, to="eve@city.example", at=NOW + 2000)) == [False] * 5 + [True]
    second.close()
    kept = habits_path(tmp_path).read_bytes()
    assert b"words" not in kept and b"minutes" not in kept


@pytest.mark.rule("P-25", "A forecast request to check@ does not count as sent mail.")
def test_a_question_to_check_is_no_mail_that_was_sent(tmp_path: Path) -> None:
    """Nobody got it, so no process counts it."""
    first, second = Door(tmp_path), Door(tmp_path)
    asked = first.take(45, also=("check@city.example",))
    assert held(asked) == [False] * 45 and {d.do for c in asked for d in c.dispositions} == {"kept"}
    assert held(second.take(1, at=NOW + 999)) == [False]
    assert held(first.take(41, at=NOW + 1000)) == [False] * 39 + [True] * 2, "with the one that the other took"
    second.containing._polled_at = 0
    assert held(second.take(1, at=NOW + 2000)) == [True]
    second.close(), first.close()


@pytest.mark.rule("P-25", "Messages with equal text are counted over all gateways together.")
@pytest.mark.parametrize("size", [0, (1 << 20) + 1])
def test_the_same_words_through_several_doors_are_counted_together(tmp_path: Path, size: int) -> None:
    """Twenty-five by all gateways together, not by each; also of a message so large that it lies in a spool file."""
    words = b" ".join(b"word%c" % (97 + n) + b"s" * n for n in range(25))
    same = b"From: bob@city.example\r\nSubject: x\r\n\r\n" + words + b"\r\n" + b"A" * size
    first, second = Door(tmp_path), Door(tmp_path)
    assert held(first.take(15, raw=same, to="eve@city.example")) == [False] * 15
    assert held(second.take(11, raw=same, to="eve@city.example", at=NOW + 50)) == [False] * 10 + [True]
    second.close(), first.close()


@pytest.mark.rule("P-25", "Decisions on an account take effect within a quarter of a second.")
def test_what_people_have_decided_is_done_within_a_quarter_of_a_second(tmp_path: Path) -> None:
    """Held by hand; released, and counted anew from there."""
    now = NOW
    door = Door(tmp_path, lambda: now)
    containment_decisions.DECISIONS.write(tmp_path, ContainmentDecisions(held={"bob": NOW}))
    now += 250
    assert held(door.take(1)) == [True]
    containment_decisions.DECISIONS.write(tmp_path, ContainmentDecisions(released={"bob": NOW + 1}))
    now += 250
    assert held(door.take(40, at=NOW + 10)) == [False] * 40
    assert held(door.take(1, at=NOW + 60)) == [True]
    containment_decisions.DECISIONS.write(
        tmp_path, ContainmentDecisions(released={"bob": NOW + 100}, allowed={"bob": (500, NOW + 1000)})
    )
    now += 250
    assert held(door.take(100, at=NOW + 200)) == [False] * 100
    containment_decisions.DECISIONS.path(tmp_path).write_text("[]")
    now += 250
    assert held(door.take(1, at=NOW + 400)) == [False], "a file that cannot be read changes nothing"
    door.close()


@pytest.mark.rule("P-25, P-19", "No rule releases mail that waits because its sender's account may be compromised.")
@pytest.mark.parametrize("do", ["encrypt", "pending", "hold"])
def test_no_rule_lets_go_what_waits_for_this(do: str) -> None:
    """What would leave encrypted, or after it is checked again, waits all the same; what is worse stays worse."""
    rules = book(rule("first", "outbound", do))
    settled = Settled(envelope("p@d.example", sender="bob@city.example"), "submission", 10, {0: ("hold", CONTAINED)})

    def verdict(rules: Any) -> Any:
        return decide_copies(settled, Screened(), rules, people(), modes, NOW, records=True).dispositions[0]

    assert (verdict(rules).do, verdict(rules).rules) == ("hold", (CONTAINED, "first"))
    assert verdict(book(rule("worse", "outbound", "quarantine"))).do == "quarantine"
    assert "hold" in HELD and "encrypt" in HELD | WAITING


def test_whose_habits_a_message_counts_for(tmp_path: Path) -> None:
    """Who signed in; of what a peer brings the person whose mailbox it is from, else the address; strangers never."""
    ours = frozenset({"city.example"})
    assert sender_of("bob/d1", "desk@city.example", "submission", ours, people()) == "bob"
    assert sender_of("service:alarms@city.example/d", "", "submission", ours, people()) == "service:alarms@city.example"
    assert sender_of("", "Bob@city.example", "relay", ours, people()) == "bob"
    assert sender_of("", "scan@city.example", "relay", ours, people()) == "relay:scan@city.example"
    assert sender_of("", "ann@out.example", "relay", ours, people()) == sender_of("", "bob@city.example", "mx", ours, None) == ""
    assert sender_of("", "scan@city.example", "relay", ours, None) == ""


def test_a_file_of_habits_that_cannot_be_read_is_learnt_anew(tmp_path: Path) -> None:
    habits_path(tmp_path).parent.mkdir(parents=True)
    for content in (b"", b"{}", b'{"v": 9}', b'{"v": 1, "habits": 3}', b"\xff"):
        habits_path(tmp_path).write_bytes(content)
        assert not load(tmp_path).habits
    door = Door(tmp_path)
    assert held(door.take(1)) == [False]
    door.close()


def test_switched_off_nothing_is_counted(tmp_path: Path) -> None:
    off = Settings(containment=replace(SETTINGS.containment, on=False))
    containing = AnomalyMonitor(off, tmp_path, lambda: NOW, people)
    one = Envelope("bob@city.example", envelope(*(f"p{n}@d.example" for n in range(90))).recipients, NOW, login="bob/d1")
    assert containing.settled(MAIL, one, "submission", {}) == ({}, ())
