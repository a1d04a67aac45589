"""A release makes the checks again: spam goes on somebody's word, and nothing else goes with it (P-02, P-25)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.policy import active_rules
from civicmail.city.policy.approvals import PartialApproval
from civicmail.city.snapshot import published_snapshot as people_published
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.core.config.settings import City, Screening, Settings
from civicmail.core.disk.tail import Tail
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import GroupCommit, Writer
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.pipeline.accept import Pipeline
from civicmail.mail.pipeline.labels import label_of
from civicmail.mail.pipeline.policy_decision import Settled, Verdict, decide_copies
from civicmail.mail.pipeline.release_copies import FILES, Releaser
from civicmail.mail.screening.screener import Screened
from mail.courier.test_strip_attachments import apart_of, files_of, message
from mail.pipeline.making import NOW, book, envelope, modes, people, rule

MAIL = b"From: ann@out.example\r\nMessage-ID: <1@out.example>\r\n\r\nHi.\r\n"
SPAM = rule("spam", 'spam.band == "spam"', "quarantine", mark="spam")
VIRUS = rule("virus", "size(malware.found) > 0", "quarantine")
PROGRAM = rule("program", "files.executable", "quarantine")
FIRST = rule("first", "sender.first", "mark", mark="first-contact")
STOP = """
[[rule]]
id = "stop"
clause = "P-25"
owner = "Clerk"
why = "Nothing may come to this place, says a test of a moment."
expires = 2199-12-31
severity = "high"
mode = "enforce"
do = "hold"
when = 'recipient.domain == "city.example"'
reader = "It waits."
ask = "the clerk"
[[rule.example]]
facts = { recipient.domain = "city.example" }
fits = true
[[rule.example]]
facts = { recipient.domain = "shop.example" }
fits = false
"""
LOOKS = {"spam.band": "spam", "sender.first": True}


@dataclass
class Scanner:
    """Judging that finds what a test says."""

    facts: dict[str, Any] = field(default_factory=lambda: dict(LOOKS))
    is_screening: bool = True
    is_idle: bool = False
    closed: bool = False
    looked: bytes = b""

    def refresh_rules(self) -> None:
        """It finds what a test says at each moment."""

    async def screen(self, content: bytes = b"", *_: object) -> Screened:
        self.looked = content
        return Screened(facts=dict(self.facts))

    def decide(
        self, settled: Settled, screened: Screened, snapshot: Any, _: Any, *, late: bool = False, without: Collection[str] = ()
    ) -> Verdict:
        rules = book(*(r for r in (SPAM, VIRUS, PROGRAM, FIRST) if r.id not in without))
        return decide_copies(settled, screened, rules, snapshot, modes, NOW, records=True, late=late)

    async def verdict(
        self, _: bytes, settled: Settled, snapshot: Any, modes_: Any, *, late: bool = False
    ) -> tuple[Verdict, Screened]:
        found = await self.screen()
        return self.decide(settled, found, snapshot, modes_, late=late), found

    def close(self) -> None:
        self.closed = True


@dataclass
class Place:
    data: Path
    scanner: Scanner
    releasing: Releaser

    def receive(self, *to: str, content: bytes = MAIL) -> bytes:
        async def story() -> bytes:
            commit = GroupCommit(Writer(self.data, lambda: NOW))
            pipeline = Pipeline(commit, modes, lambda: people(), self.scanner)  # type: ignore[arg-type]
            receipt = await pipeline.accept(content, envelope(*to), Source("mx"))
            await commit.close()
            return receipt.id

        return asyncio.run(story())

    def events(self) -> list[Event]:
        return [Event.from_head(r.head) for r in Tail(self.data).poll() if r.type != Type.RECEIPT]

    def waits(self, id_: bytes) -> list[int]:
        return outstanding_file.current(self.data).entries[id_].waiting


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    publish(tmp_path, people())
    scanner = Scanner()
    releasing = Releaser(Settings(city=City(domains=["city.example"])), tmp_path, lambda: NOW + 5, scanner)  # type: ignore[arg-type]
    yield Place(tmp_path, scanner, releasing)
    releasing.close()
    assert scanner.closed


def test_what_somebody_says_is_no_spam_goes_and_teaches(place: Place) -> None:
    """Only the copies that were asked for; what else is to be told of the message goes with them."""
    id_ = place.receive("bob@city.example", "eve@city.example")
    assert place.waits(id_) == []
    assert place.releasing.release(id_, [0], by="e-7", reason="a vendor").released == (0,)
    assert place.waits(id_) == [0]
    copy = outstanding_file.current(place.data).entries[id_].copies[0]
    assert [name for name, _ in copy.marks_in_force] == ["first-contact"], "not the words about a quarantine"
    decided_, released, taught = place.events()
    assert (decided_.type, released.type, taught.type) == (Type.DECIDED, Type.RELEASED, Type.LABELLED)
    assert decided_.facts["aside"] == ["nearly", "rspamd", "spam", "spamd"] and decided_.facts["by"] == "e-7"
    assert released.facts == {"reason": "a vendor", "actor": "e-7"}
    assert (label := label_of(taught)) is not None and not label.spam and (label.by, label.how) == ("e-7", "release")


def test_who_releases_by_role_teaches_as_operators_do(place: Place) -> None:
    """P-02: what a reader lets go has the limit of readers."""
    id_ = place.receive("bob@city.example")
    assert place.releasing.release(id_, [0], by="e-9", reason="a vendor", for_all=True).released == (0,)
    assert (label := label_of(place.events()[-1])) is not None and (label.by, label.how) == ("e-9", "operator")


@pytest.mark.rule("P-02, P-25", "A release runs the checks again, and releases only the copies concerned.")
def test_malware_does_not_go_by_the_release_of_spam(place: Place) -> None:
    """Also where it was not known yet when the message came."""
    id_ = place.receive("bob@city.example")
    place.scanner.facts["malware.found"] = ("X",)
    found = place.releasing.release(id_, [0], by="e-7", reason="a vendor")
    assert found.released == () and found.kept[0].rules == ("virus", "first")
    assert place.waits(id_) == [] and [e.type for e in place.events()] == [Type.DECIDED]
    place.scanner.facts = {**LOOKS, "files.executable": True}
    assert place.releasing.release(id_, [0], by="e-7", reason="x").kept[0].rules[0] == "program"
    assert place.releasing.release(id_, [0], by="e-7", reason="x", aside=FILES).kept[0].rules[0] == "spam"
    assert place.releasing.release(id_, [0], by="e-7", reason="x", rules={"spam", "program"}).released == (0,)


@pytest.mark.rule("P-25", "Of malware only what was named at the request is overruled; further malware holds the copy.")
def test_of_malware_only_what_people_have_looked_at_is_put_aside(place: Place) -> None:
    """By the name under which it was known; what is found besides keeps it."""
    place.scanner.facts["malware.found"] = ("X",)
    id_ = place.receive("bob@city.example")
    place.scanner.facts["malware.found"] = ("X", "Y")
    more = place.releasing.release(id_, [0], by="e-7", reason="x", malware=("X",))
    assert more.released == () and more.kept[0].rules[0] == "virus"
    place.scanner.facts["malware.found"] = ("X",)
    assert place.releasing.release(id_, [0], by="e-7", reason="x", malware=("X",)).released == (0,)
    assert "malware:X" in next(e for e in reversed(place.events()) if e.type == Type.DECIDED).facts["aside"], "and recorded"


def test_nothing_goes_while_a_part_is_away(place: Place) -> None:
    id_ = place.receive("bob@city.example")
    place.scanner.facts["unavailable"] = ("clamav",)
    found = place.releasing.release(id_, [0], by="e-7", reason="x")
    assert found.released == () and found.kept[0].do == "pending" and place.events() == []
    place.scanner.facts["unavailable"] = ("spam",)
    assert place.releasing.release(id_, [0], by="e-7", reason="x").released == (0,), "that part is overruled"


@pytest.mark.rule("P-22", "The access snapshot is not read again for a release if it has not changed.")
def test_nobody_is_read_anew_for_the_next_release(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large city they are twenty megabytes."""
    first, id_ = place.receive("eve@city.example"), place.receive("bob@city.example")
    assert place.releasing.release(first, [0], by="e-7", reason="x").released == (0,)

    def read_anew(_: bytes) -> None:
        raise AssertionError("nobody has changed")

    monkeypatch.setattr(people_published, "decode", read_anew)
    assert place.releasing.release(id_, [0], by="e-7", reason="x").released == (0,)


@pytest.mark.rule("P-22, promise 5", "Each of several releases in sequence uses the access of that moment.")
def test_a_mailbox_that_nobody_may_read_keeps_its_copy(place: Place) -> None:
    """Who may what is what was published a moment ago, also for whoever has let something go before."""
    first, id_ = place.receive("eve@city.example"), place.receive("bob@city.example")
    assert place.releasing.release(first, [0], by="e-7", reason="x").released == (0,)
    publish(place.data, replace(people(bob="held"), version=2, at=NOW + 1))
    found = place.releasing.release(id_, [0], by="e-7", reason="x")
    assert found.released == () and found.kept[0].rules == ("access-held", "first")


@pytest.mark.rule("P-22, P-25", "Each of several releases in sequence uses the rules of that moment.")
def test_rules_of_a_moment_ago_are_those_that_decide(tmp_path: Path) -> None:
    """Whoever lets things go one after the other reads a book that was published in between."""
    publish(tmp_path, people())
    active_rules.publish(tmp_path, STOP.replace("city.example", "acme.example"))
    settings = Settings(city=City(domains=["city.example"]), screening=Screening(checks=[]))
    with closing(Releaser(settings, tmp_path, lambda: NOW + 5)) as releasing:
        place = Place(tmp_path, Scanner(), releasing)
        first, id_ = place.receive("bob@city.example"), place.receive("bob@city.example")
        assert releasing.release(first, [0], by="e-7", reason="x").released == (0,)
        active_rules.publish(tmp_path, STOP)
        found = releasing.release(id_, [0], by="e-7", reason="x")
        assert found.released == () and found.kept[0].rules == ("stop",)


@pytest.mark.rule("P-22", "Each of several releases in sequence reads the archive's present state.")
def test_what_is_not_kept_back_is_not_released(place: Place) -> None:
    """Whoever lets things go one after the other sees what was done meanwhile."""
    id_ = place.receive("bob@city.example")
    assert place.releasing.release(id_, [0], by="e-7", reason="x").released == (0,)
    assert (
        place.releasing.release(id_, [0, 7], by="e-7", reason="x") == type(place.releasing.release(id_, [], by="e-7", reason="x"))()
    )
    assert len(place.events()) == 3, "twice releases nothing twice"


@pytest.mark.rule("P-22, P-25", "Checks and rules decide about the copy as it would leave.")
@pytest.mark.rule("P-22", "Unapproved files stay out, whoever releases the copy later.")
def test_what_is_decided_about_is_what_leaves_and_no_later_release_puts_a_file_back(place: Place) -> None:
    """The checks see the copy without the files that were not approved; who lets it go later lets that go."""
    raw = message([("bid.pdf", b"bid"), ("costs.pdf", b"costs")])
    apart = apart_of(raw, 0)
    place.scanner.facts["malware.found"] = ("X",)
    id_ = place.receive("bob@city.example", "eve@city.example", "ann@acme.example", content=raw)
    assert place.releasing.release(id_, [0], by="e-7", reason="x", apart=apart).kept[0].rules[0] == "virus"
    assert files_of(place.scanner.looked) == list(apart.approved)
    place.scanner.facts = {"unavailable": ("clamav",)}
    assert place.releasing.release(id_, [1], by="e-7", reason="x", apart=apart).kept[1].do == "pending"
    place.scanner.facts = {}
    assert place.releasing.release(id_, [0, 1, 2], by="e-9", reason="clean by now").released == (0, 1, 2)
    copies = outstanding_file.current(place.data).entries[id_].copies
    assert [copies[i].apart for i in (0, 1, 2)] == [apart, apart, PartialApproval()]
    assert files_of(place.scanner.looked) == list(apart.approved), "looked at last"
