"""Promise 2: the city asks its witnesses, keeps their cosignatures, and says what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from civicmail.city.notices.http_post import Answer, post
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Archive, Settings, Witness
from civicmail.core.ledger import checkpoints, cosignatures, keys, notes, proof
from civicmail.core.ledger.cosignatures import WitnessKey
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.front.checkup.witnesses import key_of, witnesses
from civicmail.front.worker.witness import RETRY_MS, Cosigner
from core.ledger.town import Town
from tools.witnesses import TOOL, call, made, serving


@dataclass
class Office:
    """A ledger whose witness is at url. now: epoch ms of its clock."""

    town: Town
    settings: Witness
    now: int

    @property
    def known(self) -> WitnessKey:
        return key_of(self.settings.key)

    def sign(self) -> None:
        self.town.write(2)
        self.town.integrate(signed=True)

    def asking(self, ask: Callable[[bytes], Answer] | None = None) -> Cosigner:
        return Cosigner.of(self.settings, self.town.data) if ask is None else Cosigner(self.known, self.town.data, ask)

    def finding(self, later: int = 0) -> Finding:
        settings = Settings(archive=Archive(witness=[self.settings]))
        (finding,) = witnesses(Installation(self.town.data, settings, self.now + later))
        return finding


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    town = Town(tmp_path / "data")
    town.now = int(time.time() * 1000)
    folder = tmp_path / "witness"
    key = made(folder, town.data / "keys" / "ledger.pub")
    with serving(folder) as url:
        yield Office(town, Witness(url=url, key=key), town.now)


@pytest.mark.rule("A2, promise 2", "Each checkpoint is cosigned by every witness, and proofs carry the cosignatures.")
def test_each_checkpoint_is_cosigned_and_proofs_carry_it(office: Office) -> None:
    assert office.finding().level == "warning"
    asking = office.asking()
    assert asking.step(office.now) == 0, "nothing is signed yet"
    for _ in range(3):
        office.sign()
        assert asking.step(office.now) == 1
        assert asking.step(office.now) == 0, "once for each checkpoint"
    signed = checkpoints.latest(office.town.ledger)
    assert signed is not None and notes.is_signed(signed.note, office.town.public)
    assert cosignatures.find(signed.note, office.known) is not None
    r = office.town.records()[0]
    shown = proof.prove(office.town.data, r.journal, r.number, r.head)
    assert cosignatures.find(shown["checkpoint"], office.known) is not None
    written = office.town.data.parent / "proof.json"
    written.write_text(json.dumps(shown), encoding="utf-8")
    assert "cosigned by the witness by 20" in _verified(written, office.settings.key)
    stranger = made(office.town.data.parent / "stranger")
    assert "did not cosign" in _verified(written, stranger)
    assert office.finding().level == "ok"
    assert office.finding(2 * HOUR).level == "problem"
    office.sign()
    assert office.asking().step(office.now) == 1, "another worker knows how far the witness is"


@pytest.mark.rule("A2, promise 2", "A ledger that was set back with all its files and keys is found out by its witness.")
def test_a_ledger_restored_from_an_old_copy_is_found_out(office: Office, tmp_path: Path) -> None:
    office.sign()
    office.asking().step(office.now)
    old = tmp_path / "old"
    copytree(office.town.data, old)
    office.sign()
    office.asking().step(office.now)
    rmtree(office.town.data)
    copytree(old, office.town.data)
    office.town.write(1)
    office.town.integrate(signed=True)
    assert office.asking().step(office.now) == 0
    finding = office.finding()
    assert finding.level == "problem" and ("rewritten" in finding.text or "set back" in finding.text)
    _begins_again_after_people_decided(office, tmp_path)


def _begins_again_after_people_decided(office: Office, tmp_path: Path) -> None:
    """As docs/operate/witnesses.md says: what the witness knew is put aside, and it trusts the ledger anew."""
    again = copytree(tmp_path / "witness", tmp_path / "again")
    (again / "ledgers").rename(again / "ledgers.before")
    (again / "ledgers").mkdir()
    call("trust", again, office.town.data / "keys" / "ledger.pub")
    with serving(again) as url:
        office.settings = replace(office.settings, url=url)
        assert office.asking().step(office.now + RETRY_MS) == 1
    assert office.finding().level == "ok"


@pytest.mark.rule("A2, promise 2", "A ledger that was rewritten with its own key is found out by its witness.")
def test_a_rewritten_ledger_is_found_out(office: Office, tmp_path: Path) -> None:
    office.sign()
    office.asking().step(office.now)
    key = (office.town.data / "keys" / "ledger.key").read_bytes()
    status = office.town.data / "witnesses"
    forged = Town(tmp_path / "forged")
    (forged.data / "keys" / "ledger.key").write_bytes(key)
    (forged.data / "keys" / "ledger.pub").write_bytes((office.town.data / "keys" / "ledger.pub").read_bytes())
    copytree(status, forged.data / "witnesses")
    forged.now = office.town.now + 60_000
    for _ in range(3):
        forged.write(5, body=b"Subject: other\r\n\r\n%d\r\n")
        forged.integrate(signed=True)
    office.town = forged
    assert office.asking().step(office.now) == 0
    assert office.finding().level == "problem" and "rewritten" in office.finding().text


def _verified(written: Path, witness: str) -> str:
    command = [sys.executable, "-I", TOOL.with_name("verify_proof.py"), written, "--witness", witness]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_a_witness_that_is_away_is_asked_again_each_minute_and_nothing_else_waits(office: Office) -> None:
    came: list[bytes] = []

    def away(body: bytes) -> Answer:
        came.append(body)
        return Answer(0, problem="no answer: Connection refused")

    asking = office.asking(away)
    office.sign()
    assert asking.step(office.now) == 0 and asking.step(office.now + RETRY_MS - 1) == 0
    assert len(came) == 1
    assert asking.step(office.now + RETRY_MS) == 0
    assert len(came) == 2
    assert office.finding().level == "warning" and "Connection refused" in office.finding().text
    assert office.asking().step(office.now + 2 * RETRY_MS) == 1
    assert office.finding().level == "ok"


@pytest.mark.parametrize(
    ("answer", "words", "contradicts"),
    [
        (Answer(200, "\N{EM DASH} witness.county.example/w1 AAAA\n".encode()), "not signed with its key", False),
        (Answer(200, b""), "not signed with its key", False),
        (Answer(403), "does not know this ledger", False),
        (Answer(404), "does not know this ledger", False),
        (Answer(409, b"99999\n"), "set back", True),
        (Answer(409, b"nonsense"), "another ledger of the same size", True),
        (Answer(422), "rewritten", True),
        (Answer(500), "it answered 500", False),
    ],
)
def test_every_answer_of_a_witness_is_told_in_words(office: Office, answer: Answer, words: str, *, contradicts: bool) -> None:
    office.sign()
    assert office.asking(lambda _: answer).step(office.now) == 0
    assert words in office.finding().text
    assert (office.finding().level == "problem") is contradicts


def test_a_witness_that_lies_about_time_is_told(office: Office) -> None:
    office.sign()
    ask = partial(post, f"{office.settings.url}/add-checkpoint", headers={})
    assert office.asking(ask).step(office.now - 86_400_000) == 0
    assert "clock" in office.finding().text


def test_a_witness_that_forgot_is_cosigned_again(office: Office, tmp_path: Path) -> None:
    office.sign()
    office.asking().step(office.now)
    folder = tmp_path / "new"
    key = made(folder, office.town.data / "keys" / "ledger.pub")
    with serving(folder) as url:
        asking = Cosigner(key_of(key), office.town.data, partial(post, f"{url}/add-checkpoint", headers={}))
        office.sign()
        assert asking.step(office.now) == 1
    signed = checkpoints.latest(office.town.ledger)
    assert signed is not None
    office.asking().step(office.now)
    both = checkpoints.latest(office.town.ledger)
    assert both is not None
    assert cosignatures.find(both.note, key_of(key)) and cosignatures.find(both.note, office.known)


def test_settings_that_cannot_be_used_are_named(office: Office) -> None:
    with pytest.raises(ConfigError, match="https"):
        Cosigner.of(Witness(url="http://witness.county.example", key=office.settings.key), office.town.data)
    with pytest.raises(ConfigError, match="NAME"):
        Cosigner.of(Witness(url=office.settings.url, key="w1"), office.town.data)
    assert Archive(witness=[office.settings]).sign_every == 60
    assert Archive().sign_every == 3600
    (finding,) = witnesses(Installation(office.town.data, Settings(), office.now))
    assert finding.level == "not-set-up"


def test_old_checkpoints_are_thinned_out_to_one_an_hour(tmp_path: Path) -> None:
    town = Town(tmp_path / "data")
    start = town.now
    for minute in range(0, 180, 20):
        town.now = start + minute * 60_000 - 1000
        town.write(1)
        town.integrate(signed=True)
    sizes = [int(path.stem) for path in checkpoints.paths(town.ledger)]
    checkpoints.note_published(town.ledger, sizes[4])
    town.now = start + 72 * HOUR - 1000
    town.write(1)
    town.integrate(signed=True)
    checkpoints.thin_out(town.ledger, town.now)
    left = [int(path.stem) for path in checkpoints.paths(town.ledger)]
    assert left == [sizes[2], sizes[4], sizes[5], sizes[8], sizes[8] + 1]
    assert keys.public(town.data / "keys") == town.public
