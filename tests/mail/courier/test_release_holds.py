"""Held mail goes on by itself when its holder is back or a successor reads it, and not before (M4, L4; P-06)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from city.identity.people import LATER, city, mailbox, own, person
from city.identity.people import T0 as THEN
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher, publish
from civicmail.city.snapshot.snapshot import Grant, Snapshot
from civicmail.mail.archive import machine, outstanding_file
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.outstanding import Outstanding
from civicmail.mail.courier.access_holds import held_for
from civicmail.mail.courier.release_holds import POLL_MS, HoldReleaser, destination
from mail.archive.making import seal
from mail.courier.conftest import Town

EVE = "eve@city.example"
BACK = mailbox(EVE, "Eve Held", holder="eve")
READS = person("bob", "Bob Baker", own("bob"), Grant(EVE, "successor", LATER, send=False))


@pytest.fixture
def returning(town: Town) -> Callable[[Snapshot], int]:
    """Publishes a snapshot and looks once."""
    watch = SnapshotWatcher(town.data, town.clock)
    job = HoldReleaser(town.data, watch, town.clock)

    def look(snapshot: Snapshot) -> int:
        publish(town.data, snapshot)
        town.now += 300  # a watch looks every 250 ms
        return job.step()

    return look


def test_nothing_is_released_while_nobody_may_read_it(town: Town, returning: Callable[[Snapshot], int]) -> None:
    town.keep(EVE, do="hold", rules=("access-held",))
    assert returning(city()) == 0
    assert len(held_for(town.data, EVE)) == 1


@pytest.mark.rule("P-06, promise 1, M4", "Mail held for a mailbox is delivered automatically when the mailbox has a reader again.")
def test_the_mail_of_who_is_back_is_delivered_without_anybody_asking(town: Town, returning: Callable[[Snapshot], int]) -> None:

    async def run() -> None:
        held = town.keep(EVE, do="hold", rules=("access-held",))
        assert returning(city()) == 0
        async with town.courier():
            assert returning(city(2, mailboxes=[BACK])) == 1
            await town.ends(held)
        assert len(town.mailbox("eve")) == 1
        assert town.facts(held, "released") == [{"actor": "worker", "reason": "its mailbox takes mail again (M4)", "to": ""}]
        assert returning(city(3, mailboxes=[BACK])) == 0, "twice releases nothing twice"

    asyncio.run(run())


def test_a_successor_gets_what_waits_for_who_left(town: Town, returning: Callable[[Snapshot], int]) -> None:
    """L4."""

    async def run() -> None:
        held = town.keep(EVE, do="hold", rules=("access-held",))
        async with town.courier():
            assert returning(city(2, people=[READS])) == 1
            await town.ends(held)
        assert town.mailbox("eve") == [] and len(town.mailbox("bob")) == 1

    asyncio.run(run())


def test_what_a_gateway_held_by_the_snapshot_before_is_found_a_minute_later(
    town: Town, returning: Callable[[Snapshot], int]
) -> None:
    snapshot = city(2, mailboxes=[BACK])
    assert returning(snapshot) == 0
    town.keep(EVE, do="hold", rules=("access-held",))
    assert returning(snapshot) == 0
    town.now += POLL_MS
    assert returning(snapshot) == 1


@pytest.mark.rule(
    "P-01, P-06",
    "Held mail that may be released is determined from records read continuously; nothing is read again.",
)
def test_who_waits_is_followed_and_not_read_anew_at_each_look(
    town: Town, returning: Callable[[Snapshot], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read a minute ago is sealed by now."""
    loads, load = list[Path](), outstanding_file.load

    def counted(data: Path, *, repeats: bool = True) -> Outstanding:
        if not repeats:
            loads.append(data)
        return load(data, repeats=repeats)

    monkeypatch.setattr(outstanding_file, "load", counted)
    assert returning(city()) == 0 and len(loads) == 1
    for _ in range(2):
        town.keep(EVE, do="hold", rules=("access-held",))
        town.close()
        assert returning(city()) == 0
        outstanding_file.advance(town.data, town.now)
        seal(town.data)
        town.now += POLL_MS
        assert returning(city()) == 0 and len(loads) == 1
    assert returning(city(2, mailboxes=[BACK])) == 2


@pytest.mark.rule("P-01, P-06", "Mail held for many mailboxes is read through one current view of the archive.")
def test_what_is_held_for_many_is_read_in_one_view_of_the_archive(
    town: Town, returning: Callable[[Snapshot], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a busy hour a new view takes a fifth of a second, and files of a hundred mailboxes are held for approval."""
    views = [0]

    class Counted(Machine):
        def __init__(self, data: Path) -> None:
            views[0] += 1
            super().__init__(data)

    monkeypatch.setattr(machine, "Machine", Counted)
    for box in ("bob@city.example", "ann@city.example"):
        town.keep(box, do="hold", rules=("access-held",))
    town.close()
    outstanding_file.advance(town.data, town.now)
    seal(town.data)
    assert returning(city()) == 2 and views == [1]


def test_a_successor_whose_time_is_over_or_who_has_no_mailbox_gets_nothing() -> None:
    assert destination(city(people=[READS]), EVE, THEN) == "bob@city.example"
    assert destination(city(people=[READS]), EVE, LATER) is None
    assert destination(city(people=[replace(READS, grants=READS.grants[1:])]), EVE, THEN) is None


def test_mail_for_a_mailbox_that_is_gone_stays_held() -> None:
    assert destination(city(), "frank@city.example", THEN) is None
    assert destination(city(), "nobody@city.example", THEN) is None
