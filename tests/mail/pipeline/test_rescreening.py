"""What could not be screened when it came is screened again, held after ten minutes, and never lost (promise 6)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.policy.dispositions import Disposition
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.core.config.settings import City, Screening, Settings
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive import keyring, outstanding_file, rescreening
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.archive.rescreening import RescreeningFollower, RescreeningState
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.policy_decision import Settled, Verdict, decide_copies
from civicmail.mail.pipeline.rescreening import PATIENCE, Rescreening
from civicmail.mail.screening.screener import Screened
from mail.archive.keeping import integrate, seal
from mail.archive.test_outstanding import Books, capture
from mail.pipeline.making import NOW, book, envelope, modes, people, rule

MAIL = b"From: ann@out.example\r\nMessage-ID: <1@out.example>\r\n\r\nHi.\r\n"
VIRUS = rule("virus", "size(malware.found) > 0", "quarantine")
NO_SHOP = rule("no-shop", 'recipient.domain == "shop.example" && size(malware.found) > 0', "refuse")
AWAY = Screened(facts={"unavailable": ("clamav",)})
CLEAN = Screened()
FOUND = Screened(facts={"malware.found": ("X",)})


@dataclass
class Scanner:
    """Judging with a scanner that finds what a test says."""

    finds: Screened = AWAY
    book: Any = field(default_factory=lambda: book(VIRUS, NO_SHOP))
    is_screening: bool = True
    is_idle: bool = False

    async def verdict(
        self, _: bytes, settled: Settled, snapshot: Any, modes_: Any, *, late: bool = False
    ) -> tuple[Verdict, Screened]:
        made = decide_copies(settled, self.finds, self.book, snapshot, modes_, NOW, records=True, late=late)
        return made, self.finds


@dataclass
class Place:
    data: Path
    scanner: Scanner
    now: int = NOW

    def receive(self, *to: str, source: str = "mx", **more: Any) -> bytes:
        async def story() -> bytes:
            commit = GroupCommit(Writer(self.data, lambda: self.now))
            pipeline = Pipeline(commit, modes, lambda: people(), self.scanner)  # type: ignore[arg-type]
            receipt = await pipeline.accept(MAIL, envelope(*to, received=self.now, **more), Source(source))
            await commit.close()
            return receipt.id

        return asyncio.run(story())

    @contextmanager
    def job(self) -> Iterator[Rescreening]:
        with asyncio.Runner() as runner:
            city = Settings(city=City(domains=["city.example"]), screening=Screening(checks=[]))
            yield Rescreening(city, self.data, lambda: self.now, self.scanner, runner)  # type: ignore[arg-type]

    def state(self, id_: bytes) -> dict[int, tuple[str, str]]:
        entry = outstanding_file.current(self.data).entries.get(id_)
        found = entry.copies.items() if entry else ()
        return {i: (c.now, "end" if c.end else "held" if c.is_held else "waits" if c.is_waiting else "") for i, c in found}

    def decided(self) -> list[Event]:
        records = [r for r in Tail(self.data).poll() if r.type == Type.DECIDED]
        return [Event.from_head(r.head) for r in records]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    publish(tmp_path, people())
    return Place(tmp_path, Scanner())


def test_a_part_that_comes_back_lets_the_copy_go(place: Place) -> None:
    """Pending until the scanner answers, then what the rules say; findings and facts are in the record."""
    id_ = place.receive("bob@city.example")
    assert place.state(id_) == {0: ("pending", "held")}
    with place.job() as job:
        assert job.step() == 0, "still away, and there is time"
        place.now += 3_000
        place.scanner.finds = CLEAN
        assert job.step() == 1
        assert place.state(id_) == {0: ("deliver", "waits")}
        place.now += 60_000
        assert job.step() == 0, "decided once"
    (event,) = place.decided()
    assert event.facts["do"] == "deliver" and event.facts["facts"]["inbound"] is True and "again" not in event.facts


def test_what_is_found_later_is_kept_back_like_what_is_found_at_once(place: Place) -> None:
    id_ = place.receive("bob@city.example")
    place.scanner.finds = FOUND
    with place.job() as job:
        job.step()
    assert place.state(id_) == {0: ("quarantine", "held")}
    (event,) = place.decided()
    assert event.facts["rules"] == ["virus"] and event.facts["facts"]["malware.found"] == ["X"]


@pytest.mark.rule(
    "P-25, promise 1, promise 6",
    "Mail with an unavailable check is screened again, and held for a person after ten minutes; the last decision counts, "
    "in any order.",
)
def test_after_ten_minutes_a_person_decides(place: Place) -> None:
    """Held with the part that was away by name, and no longer pending."""
    id_ = place.receive("bob@city.example")
    with place.job() as job:
        place.now = NOW + PATIENCE - 1
        assert job.step() == 0 and place.state(id_) == {0: ("pending", "held")}
        place.now = NOW + PATIENCE + 60_000
        assert job.step() == 1
        assert place.state(id_) == {0: ("hold", "held")}
        place.scanner.finds = CLEAN
        place.now += 600_000
        assert job.step() == 0 and place.state(id_) == {0: ("hold", "held")}
    (event,) = place.decided()
    assert event.facts["rules"] == ["unavailable:clamav", "pending-too-long"]


def test_mail_inside_was_delivered_and_is_looked_at_again(place: Place) -> None:
    """Promise 6: its state says so, and what is found stands in its record although it is delivered."""
    id_ = place.receive("eve@city.example", source="submission", sender="bob@city.example")
    assert place.state(id_) == {0: ("mark", "waits")}
    with place.job() as job:
        place.now = NOW + PATIENCE * 2
        assert job.step() == 0, "it is looked for longer than what waits"
        place.scanner.finds = FOUND
        place.now += 120_000
        assert job.step() == 1
    assert place.state(id_) == {0: ("quarantine", "held")}, "not fetched yet, so it is kept back now"


def test_a_copy_that_is_refused_late_is_told_to_an_employee_and_to_no_stranger(place: Place) -> None:
    """The client has heard 250 long ago."""
    ours = place.receive("x@shop.example", source="submission", sender="bob@city.example")
    theirs = place.receive("x@shop.example", source="relay", sender="ann@out.example")
    place.scanner.finds = FOUND
    with place.job() as job:
        assert job.step() == 2
    outstanding = outstanding_file.current(place.data)
    assert outstanding.entries[ours].owed == [0] and "550" in outstanding.entries[ours].copies[0].reply
    assert place.state(theirs) == {0: ("quarantine", "held")}


def test_a_mailbox_that_was_closed_meanwhile_holds_its_copy(place: Place) -> None:
    id_ = place.receive("bob@city.example")
    publish(place.data, replace(people(bob="held"), version=2, at=NOW + 1))
    place.scanner.finds = CLEAN
    with place.job() as job:
        job.step()
    assert place.state(id_) == {0: ("hold", "held")}
    assert place.decided()[0].facts["rules"] == ["access-held"]


def test_what_a_person_let_go_is_not_decided_again(place: Place) -> None:
    id_ = place.receive("bob@city.example")
    with closing(Writer(place.data, lambda: NOW)) as writer:
        writer.event(Event(Type.RELEASED, id_, NOW + 5, (0,), {"reason": "r", "actor": "a"}))
        writer.flush()
    place.scanner.finds = FOUND
    with place.job() as job:
        job.step()
    assert place.state(id_) == {0: ("quarantine", "waits")}, "what was found is recorded, and the person's word counts"


def test_a_restart_goes_on_where_it_was_also_when_the_journals_were_sealed(place: Place) -> None:
    """Whoever dies between receipt and decision loses nothing of what waits."""
    keyring.create(place.data)
    first = place.receive("bob@city.example")
    with place.job() as job:
        job.step()
    second = place.receive("eve@city.example")
    integrate(place.data)
    seal(place.data)
    assert not [r for r in Tail(place.data).poll() if r.type == Type.RECEIPT]
    assert set(RescreeningFollower(place.data).waiting()) == {first, second}
    rescreening.path_of(place.data).unlink()
    assert set(RescreeningFollower(place.data).waiting()) == {first, second}, "taken from who is outstanding"
    rescreening.path_of(place.data).write_bytes(b"{")
    place.scanner.finds = CLEAN
    with place.job() as job:
        assert job.step() == 2
    assert {c for id_ in (first, second) for c in place.state(id_).values()} == {("deliver", "waits")}


def test_what_was_sealed_before_it_was_read_is_screened_again(place: Place) -> None:
    """Perhaps nothing is written to that journal again, so the next record must not be needed to notice."""
    keyring.create(place.data)
    following = RescreeningFollower(place.data)
    id_ = place.receive("bob@city.example")
    integrate(place.data)
    seal(place.data)
    assert set(following.waiting()) == {id_}


@settings(max_examples=60)
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_any_order_of_journals_gives_the_same_captures(seed: int, order: int) -> None:
    chance, books = random.Random(seed), Books()
    for n in range(chance.randint(1, 6)):
        made = capture(NOW + n)
        rules = chance.choice([("unavailable:clamav",), ("deliver",), ("unavailable:read", "x")])
        id_ = books.add(chance.choice("12"), replace(made, dispositions=(Disposition(0, "pending", rules),)))
        for _ in range(chance.randint(0, 2)):
            books.event(
                chance.choice("34"), Type.DECIDED, id_, NOW + 9, [0], do="deliver", rules=[], **chance.choice([{}, {"again": 1}])
            )
    names = [name for name, records in books.journals.items() for _ in records]
    random.Random(order).shuffle(names)
    left = {name: list(records) for name, records in books.journals.items()}
    one, other = RescreeningState(), RescreeningState()
    for name in names:
        one.apply(left[name].pop(0))
    for records in books.journals.values():
        for record in records:
            other.apply(record)
    assert one.waiting == other.waiting and one.positions == other.positions
