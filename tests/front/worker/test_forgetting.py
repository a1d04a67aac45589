"""What a disposal leaves in the index: only indexes that had it are made new, and then no file has its words (P-23, promise 3)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.four_eyes import Facts
from civicmail.core.disk import journal
from civicmail.core.disk.files import OS_FILES
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.parse import parse
from civicmail.front.worker import disposal
from civicmail.mail.archive import classes, holds, keyring, outstanding_file
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.search import coverage, extract_cache, leftovers, tasks
from civicmail.mail.search.attachments import Extract
from civicmail.mail.search.counts import count
from civicmail.mail.search.extract_cache import Extracts
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.rebuild import Rebuild, generations
from civicmail.mail.search.tasks import IndexJob
from mail.archive.keeping import listed

YEAR = 365 * 86_400_000
NOW = 1_772_452_800_000  # 2026-03-02
PEOPLE: Any = {
    "proposer": "ana", "approver": "ben", "eyes": Facts(frozenset({"ana", "ben"})), "reason": "yearly", "now": NOW,
}  # fmt: skip
OLD = 1_262_304_000_000  # 2010-01-01
SECRET, OTHER = "anzibarqu", "bridge"
_LETTERS = dict(zip("anzibrqu", (0xC5, 0xCB, 0xF6, 0xC8, 0xDA, 0xC7, 0xFD, 0xD3), strict=True))


def message(word: str, *files: bytes) -> bytes:
    made = EmailMessage()
    made["Subject"] = f"about {word}"
    made.set_content(f"x{word}etails is the word")
    for file in files:
        made.add_attachment(file, maintype="application", subtype="octet-stream", filename="paper.bin")
    return made.as_bytes()


FILES = {name: b"%PDF-1.4 " + name.encode() * 40 for name in ("only here", "also later")}


class Killed(BaseException):
    """The process ends here."""


class Town:
    """Mail of 2010 that is due, but for what is held, and mail of 2011 and this year; its index, searched all the time."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.now = NOW
        keyring.create(data)
        (data / "claimed").touch()
        text = (resources.files("civicmail.city.law") / "schedules.toml").read_text()
        classes.adopt(data, text, actor="clerk", reason="council", now=NOW)
        for name, content in FILES.items():
            Extracts(data).put(hashlib.sha256(content).digest(), Extract(f"says {name}"))
        with closing(Writer(data, lambda: NOW, file_size=1 << 20)) as writer:
            self._keep(writer, OLD, message(SECRET, *FILES.values()))
            self._keep(writer, OLD, message(f"{OTHER} held"))
            self._keep(writer, OLD + YEAR, message(f"{OTHER} held", FILES["also later"]))
            self._keep(writer, NOW, message(OTHER))
            writer.flush()
        with Sequencer(data) as ledger:
            ledger.integrate(NOW)
        self.index = IndexJob.take(data)
        self.index.catch_up(NOW)
        outstanding_file.advance(data, NOW)
        with Sealer(data) as sealer:
            sealer.seal(lambda: dict.fromkeys(journal.names(data), 1 << 60), now=NOW)
        holds.place(data, ground="audit", scope="held", actor="a", reason="r", now=NOW)
        self.reader = Reader(data)

    def _keep(self, writer: Writer, received: int, body: bytes) -> None:
        id_ = capture_id(received)
        envelope = Envelope("ana@city.example", (Recipient("ben@city.example"),), received)
        writer.receipt(capture_of(id_, scan(body), envelope, Source("mx")), body)
        writer.event(Event(Type.DELIVERED, id_, NOW, (0,), {"hop": "maildir", "reply": "kept"}))

    def dispose(self) -> None:
        manifest = listed(self.data, NOW, disposal.viewer(self.data))
        assert manifest.kept["held"] == 2
        assert disposal.dispose(self.data, manifest=manifest.digest, **PEOPLE).gone == 1

    def step(self, ms: int) -> None:
        self.now += ms
        self.index.step(self.now)
        self.reader.refresh()

    def forget(self) -> None:
        """The steps of a worker, each with a search behind it, until nothing is to be forgotten any more."""
        self.step(1000)
        for _ in range(20):
            self.step(tasks.FORGET_AFTER_MS)
            assert self.found(OTHER) == 3
            assert self.found(f"x{SECRET}etails") == 0
            if not self.owed():
                return
        raise AssertionError("it does not end")

    def found(self, text: str) -> int:
        return count(self.reader, parse(text, now=datetime.fromtimestamp(NOW / 1000, UTC)))

    def owed(self) -> set[coverage.Key]:
        generation = coverage.current(self.data)
        assert generation is not None
        known = coverage.load(generation)
        assert known is not None
        return known.forget

    def restart(self) -> None:
        self.index.close()
        self.index = IndexJob.take(self.data)

    def bytes(self) -> bytes:
        """Every byte of the index folder."""
        return b"\n".join(p.read_bytes() for p in coverage.top(self.data).rglob("*") if p.is_file())

    def inodes(self, year: int) -> set[int]:
        """The files of segments of one index."""
        generation = coverage.current(self.data)
        assert generation is not None
        return {p.stat().st_ino for p in (generation / "mail" / str(year)).iterdir() if p.suffix in {".term", ".store", ".pos"}}


def in_dictionary(word: str) -> bytes:
    """How a dictionary of tantivy has the inside of a word: backwards, a byte of its own code for each letter."""
    return bytes(_LETTERS[letter] for letter in reversed(word[1:-1]))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path / "data")
    yield made
    made.index.close()


@pytest.mark.rule(
    "P-24, promise 3",
    "After a disposal only the indexes that had words of it are made new, and no file of the index has them then.",
)
def test_only_the_index_with_words_of_it_is_made_new_and_no_file_has_them_then(town: Town) -> None:
    """Searches go on meanwhile."""
    kept, touched = town.inodes(2011) | town.inodes(2026), town.inodes(2010)
    assert SECRET.encode() in town.bytes()  # of the subject, as it is printed
    assert in_dictionary(SECRET) in town.bytes()
    town.dispose()
    town.step(1000)
    assert town.owed() == {("mail", 2010)}
    assert in_dictionary(SECRET) in town.bytes()
    town.forget()
    left = town.bytes()
    assert SECRET.encode() not in left
    assert in_dictionary(SECRET) not in left
    assert town.inodes(2011) | town.inodes(2026) == kept
    assert not town.inodes(2010) & touched
    assert [p.name for p in generations(coverage.top(town.data))] == ["2"]


@pytest.mark.rule(
    "P-24, promise 3",
    "The text of a file of a disposed capture is forgotten, unless an archived capture has the same file.",
)
def test_what_files_said_is_forgotten_unless_somebody_else_has_the_file(town: Town) -> None:
    cache = Extracts(town.data)
    assert town.found("attachment:says") == 2
    town.dispose()
    town.forget()
    assert cache.get(hashlib.sha256(FILES["only here"]).digest()) is None
    assert cache.get(hashlib.sha256(FILES["also later"]).digest()) == Extract("says also later")
    assert extract_cache.gone(town.data) == []
    assert town.found("attachment:says") == 1


STEPS: dict[str, tuple[Any, int]] = {
    "link": (OS_FILES, 2),
    "link, later": (OS_FILES, 4),
    "link, later still": (OS_FILES, 6),
    "make_current": (coverage, 0),
    "forget_files": (leftovers, 0),
    "save": (coverage, 1),
    "commit": (Rebuild, 0),
}
"""What is called on the way, and how often it is done before the process ends. Files of an index are linked in any order, so one of
these leaves an index that lacks its meta.json."""


@pytest.mark.parametrize("at", STEPS)
def test_wherever_it_is_cut_short_it_is_done_by_the_next_holder(town: Town, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    town.dispose()
    town.step(1000)
    with monkeypatch.context() as cut:
        owner, after = STEPS[at]
        name = at.partition(",")[0]
        left, plain = [after], getattr(owner, name)

        def die(*arguments: Any, **more: Any) -> Any:
            if not left[0]:
                raise Killed
            left[0] -= 1
            return plain(*arguments, **more)

        cut.setattr(owner, name, die)
        with pytest.raises(Killed):
            for _ in range(9):
                town.step(tasks.FORGET_AFTER_MS)
        assert town.found(OTHER) == 3
    town.restart()
    town.forget()
    assert in_dictionary(SECRET) not in town.bytes()
    assert SECRET.encode() not in town.bytes()
    assert Extracts(town.data).get(hashlib.sha256(FILES["only here"]).digest()) is None


def test_a_disposal_while_one_is_being_forgotten_is_forgotten_too(town: Town) -> None:
    town.dispose()
    town.step(1000)
    town.step(tasks.FORGET_AFTER_MS)  # now it is under way
    [hold] = holds.in_force(Store(town.data))
    holds.end(town.data, hold.id, actor="a", reason="r", now=NOW)
    manifest = listed(town.data, NOW, disposal.viewer(town.data))
    assert disposal.dispose(town.data, manifest=manifest.digest, **PEOPLE).gone == 2
    town.step(1000)
    for _ in range(20):
        town.step(tasks.FORGET_AFTER_MS)
    assert town.owed() == set()
    assert (town.found(OTHER), town.found("held")) == (1, 0)
    assert b"held" not in town.bytes().replace(b"withheld", b"")  # the name of a field
    assert not [p for p in extract_cache.top(town.data).rglob("*") if p.is_file()]


def test_whoever_asks_for_everything_gets_everything(town: Town) -> None:
    town.dispose()
    town.step(1000)
    town.step(tasks.FORGET_AFTER_MS)
    kept = town.inodes(2011)
    town.index.rebuild(town.now)
    town.reader.refresh()
    assert (town.found(OTHER), town.owed(), coverage.is_rebuild_requested(town.data)) == (3, set(), False)
    assert not kept & town.inodes(2011)
    assert in_dictionary(SECRET) not in town.bytes()
