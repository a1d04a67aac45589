"""P-15: `prove ID > file`, and the file convinces a checker that has none of our code."""

from __future__ import annotations

import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from civicmail.core.ledger import checkpoints
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.ledger.verify import verify
from front.cli.office import Office, now

TOOL = Path(__file__).resolve().parents[3] / "tools" / "verify_proof.py"
BODY = b"Subject: budget\r\nMessage-ID: <1@city.example>\r\n\r\nhello\r\n"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "data")


def proof_of(office: Office, id_: str, capfdbinary: pytest.CaptureFixture[bytes]) -> bytes:
    capfdbinary.readouterr()
    assert office.run("prove", id_) == 0
    return capfdbinary.readouterr().out


def convinces(proof: bytes, office: Office, body: bytes) -> bool:
    top = office.data.parent
    (top / "proof.json").write_bytes(proof)
    (top / "message.eml").write_bytes(body)
    command = [sys.executable, "-I", TOOL, top / "proof.json", "--message", top / "message.eml"]
    command += ["--key", office.data / "keys" / "ledger.pub"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_message_that_has_just_come_can_be_proved(office: Office, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    first, second = office.receive(BODY, BODY + b"again\r\n")
    proof = proof_of(office, first, capfdbinary)
    assert convinces(proof, office, BODY)
    assert not convinces(proof, office, BODY + b"again\r\n")
    assert orjson.loads(orjson.loads(proof)["head"])["id"] == first
    assert convinces(proof_of(office, second.replace("-", ""), capfdbinary), office, BODY + b"again\r\n")
    assert convinces(proof_of(office, sha256(BODY).hexdigest(), capfdbinary), office, BODY)


def test_asking_leaves_an_entry_and_the_checkpoint_goes_into_a_journal(
    office: Office, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    [id_] = office.receive(BODY)
    proof_of(office, id_, capfdbinary)
    content = b"".join(p.read_bytes() for p in office.data.glob("journal/*/*.log"))
    assert b'"act":"prove"' in content and b'"type":"checkpoint"' in content
    assert verify(office.data).problems == []


def test_the_holder_of_the_ledger_is_asked_for_a_checkpoint(office: Office, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    [id_] = office.receive(BODY)
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Sequencer(office.data) as s:
            ready.set()
            while not done.wait(0.01):
                s.integrate(now())
                if checkpoints.is_requested(office.data / "ledger"):
                    s.checkpoint(now())

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert ready.wait(60)
        proof = proof_of(office, id_, capfdbinary)
    finally:
        done.set()
        holder.join()
    assert convinces(proof, office, BODY)


def test_words_that_mean_no_message_or_several_are_told(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.receive(BODY, BODY)
    assert office.run("prove", "0" * 32) == 1
    assert office.run("prove", "xyz") == 2
    assert office.run("prove", sha256(BODY).hexdigest()) == 1
    assert "2 captures fit" in capsys.readouterr().err


def test_a_claimed_installation_does_not_prove_for_just_anybody(office: Office) -> None:
    [id_] = office.receive(BODY)
    (office.data / "claimed").touch()
    assert office.run("prove", id_) == 4
