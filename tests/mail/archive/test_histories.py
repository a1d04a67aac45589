"""Random histories of receipts, holds, promotions, compactions and disposals (P-23, promise 3; acceptance of keeping by rule).

Whatever the order: no held capture is ever disposed of and none before its time, the proofs of those that survive never change, and
nothing of those that went can be read in segments, journals, catalogue or keyring. 10,000 with FULL=1.
"""

from __future__ import annotations

import os
import random
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.city.guard.four_eyes import Facts
from civicmail.core.ledger.verify import verify
from civicmail.mail.archive import certificates, classes, dispose, holds, keyring
from civicmail.mail.archive.errors import RulesChanged
from civicmail.mail.archive.records import Capture
from civicmail.mail.archive.regroup import regroup
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from civicmail.mail.archive.verify import Check
from core.ledger.town import leaf_of
from mail.archive.keeping import YEAR, adopt, claim, ids, integrate, listed, remains, seal, see
from mail.archive.making import NOW, UNSYNCED, capture, contents, delivered, writer

HISTORIES = 10_000 if os.environ.get("FULL") else 200
AT_ONCE = HISTORIES // 10
WORDS = ("bridge", "lake", "tower", "harbour")
STEPS = 14


@dataclass
class Town:
    """What a history did, told by plain rules beside the program: that is what it is judged by."""

    data: Path
    chance: random.Random
    now: int = NOW
    kept: dict[bytes, tuple[Capture, bytes]] = field(default_factory=dict)
    raised: set[bytes] = field(default_factory=set)
    held: dict[str, str] = field(default_factory=dict)  # hold -> word
    gone: dict[bytes, tuple[Capture, bytes]] = field(default_factory=dict)
    proofs: dict[bytes, bytes] = field(default_factory=dict)  # capture -> leaf
    count: int = 0

    def receive(self) -> None:
        w = writer(self.data)
        for _ in range(self.chance.randint(1, 3)):
            self.count += 1
            body = b"message %d about the %s" % (self.count, self.chance.choice(WORDS).encode())
            received = self.now - self.chance.randint(0, 10) * YEAR + self.count
            c = capture(body, received=received, class_=self.chance.choice(["mail", "mail", "hr"]))
            w.receipt(c, body)
            w.event(delivered(c, self.now))
            self.kept[c.id] = (c, body)
        w.flush()
        w.close()

    def put_away(self) -> None:
        integrate(self.data)
        seal(self.data)

    def hold(self) -> None:
        word = self.chance.choice(WORDS)
        name = holds.place(self.data, ground="audit", scope=word, actor="a", reason="r", now=self.now, files=UNSYNCED)
        self.held[name] = word

    def lift(self) -> None:
        if self.held:
            name = self.chance.choice(sorted(self.held))
            holds.end(self.data, name, actor="a", reason="r", now=self.now, files=UNSYNCED)
            del self.held[name]

    def promote(self) -> None:
        if self.kept:
            id_ = self.chance.choice(sorted(self.kept))
            classes.promote(self.data, id_, "hr", actor="a", reason="r", now=self.now, files=UNSYNCED)
            self.raised.add(id_)

    def compact(self) -> None:
        with Sealer(self.data, UNSYNCED) as sealer:
            regroup(sealer, now=self.now, reason="compaction", files=UNSYNCED)

    def wait(self) -> None:
        self.now += self.chance.randint(0, 300) * 86_400_000

    def dispose(self) -> None:
        """Sometimes somebody places a hold while it is being done."""
        self.put_away()
        view = see
        if self.chance.random() < 0.3:
            once = [True]

            def view(c: Capture, body: bytes):  # type: ignore[no-untyped-def]
                if once:
                    once.clear()
                    self.hold()
                return see(c, body)

        before = ids(self.data)
        portion = self.chance.randint(1, 4)
        manifest = listed(self.data, self.now).digest
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            self.chance.choice((self.hold, self.lift, self.promote, self.compact))()
        people = {"proposer": "a", "approver": "b", "reason": "r", "eyes": Facts(frozenset("ab"))}
        with suppress(RulesChanged):
            dispose.dispose(self.data, manifest=manifest, **people, now=self.now, view=view, files=UNSYNCED, portion=portion)
        for id_ in before - ids(self.data):
            self.gone[id_] = self.kept.pop(id_)
            self.judge_gone(id_)

    def judge_gone(self, id_: bytes) -> None:
        c, body = self.gone[id_]
        words = set(body.decode().split())
        assert not words & set(self.held.values()), "a held capture was disposed of"
        assert c.class_ == "mail", "a capture of a longer class was disposed of"
        assert id_ not in self.raised, "a capture that was raised was disposed of"
        assert c.received + 7 * 365 * 86_400_000 <= self.now, "a capture was disposed of before its time"

    def judge(self) -> None:
        """At the end of a history, everything is sealed and integrated."""
        self.put_away()
        found = contents(self.data)
        assert {id_: kept[1] for id_, kept in found.items()} == {c.uuid: body for c, body in self.kept.values()}
        check = Check(self.data, deep=True)
        assert [p.text for p in verify(self.data, check.heads()).problems] == []
        assert check.problems == []
        for head, _, _ in found.values():
            c = Capture.from_head(head)
            assert leaf_of(self.data / "ledger", c.journal, c.number) == sha256(b"\0" + head).digest()
            assert self.proofs.setdefault(c.id, sha256(head).digest()) == sha256(head).digest()
        everything = remains(self.data)
        for c, body in self.gone.values():
            assert body + b"\r\n" not in everything
            assert c.sha256 not in everything
            assert c.sha256.hex().encode() not in everything
        named = {item["id"] for facts in certificates.every(Store(self.data)) for item in facts["items"]}
        assert named == {c.uuid for c, _ in self.gone.values()}


def history(data: Path, seed: int) -> Town:
    chance = random.Random(seed)
    town = Town(data, chance)
    adopt(data)
    claim(data)
    acts = [town.receive] * 4 + [town.hold, town.lift, town.promote, town.compact, town.wait, town.put_away] + [town.dispose] * 3
    town.receive()
    for _ in range(STEPS):
        chance.choice(acts)()
    town.dispose()
    town.judge()
    return town


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("empty")
    keyring.create(data, files=UNSYNCED)
    return data


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tenth", range(10))
def test_no_history_disposes_of_what_is_held_or_leaves_a_trace_of_what_went(empty: Path, tmp_path: Path, tenth: int) -> None:
    gone = held = 0
    for seed in range(tenth * AT_ONCE, (tenth + 1) * AT_ONCE):
        data = tmp_path / "town"
        shutil.copytree(empty, data)
        try:
            town = history(data, seed)
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from error
        gone += len(town.gone)
        held += len(town.held)
        shutil.rmtree(data)
    assert gone > AT_ONCE  # else nothing was put to the test
    assert held > 0
