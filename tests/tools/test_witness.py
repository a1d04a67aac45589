"""Promise 2: somebody outside cosigns a checkpoint only if it continues the last one (C2SP tlog-witness)."""

from __future__ import annotations

import ast
import runpy
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from civicmail.city.notices.http_post import Answer, post
from civicmail.core.ledger import checkpoints, consistency, cosignatures, keys, notes
from civicmail.core.ledger.cosignatures import WitnessKey
from civicmail.core.ledger.notes import Checkpoint
from core.ledger.town import Town
from tools.witnesses import NAME, TOOL, call, made, serving


@dataclass
class Court:
    """A ledger and its witness. known: the public key of the witness; url: where it answers."""

    town: Town
    folder: Path
    known: WitnessKey
    url: str

    def sign(self) -> Checkpoint:
        self.town.write(3)
        self.town.integrate(signed=True)
        signed = checkpoints.latest(self.town.ledger)
        assert signed is not None
        return signed

    def ask(self, old: int, signed: Checkpoint, path: list[bytes] | None = None) -> Answer:
        path = consistency.path(self.town.ledger, old, signed.size) if path is None else path
        return self.post(cosignatures.request(old, path, signed))

    def post(self, body: bytes) -> Answer:
        return post(f"{self.url}/add-checkpoint", body, {})

    def alarms(self) -> str:
        kept = self.folder / "alarms"
        return kept.read_text(encoding="utf-8") if kept.exists() else ""


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Court]:
    town = Town(tmp_path / "data")
    town.now = int(time.time() * 1000)
    folder = tmp_path / "witness"
    known = WitnessKey.read(made(folder, town.data / "keys" / "ledger.pub"))
    with serving(folder) as url:
        yield Court(town, folder, known, url)


def test_it_is_one_file_that_needs_one_library() -> None:
    imported = set()
    for node in ast.walk(ast.parse(TOOL.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.rule("A2, promise 2", "A witness outside cosigns each checkpoint that continues the last one, with the time.")
def test_a_checkpoint_that_continues_the_last_one_is_cosigned(court: Court) -> None:
    old = 0
    for _ in range(4):
        signed = court.sign()
        answer = court.ask(old, signed)
        assert answer.status == 200
        cosignature = cosignatures.find(signed.note + answer.body.decode(), court.known)
        assert cosignature is not None
        assert abs(cosignature.at - time.time()) < 60
        old = signed.size
    with urllib.request.urlopen(f"{court.url}/{notes.origin(court.town.public)}/checkpoint") as answer:
        newest = answer.read().decode()
    assert notes.is_signed(newest, court.town.public) and notes.read(newest).size == old
    assert cosignatures.find(newest, court.known) is not None
    history = (court.folder / "ledgers" / notes.origin(court.town.public) / "history").read_text().splitlines()
    assert len(history) == 4 and court.alarms() == ""
    assert call("status", court.folder)[0] == 0


def test_what_is_not_a_request_is_refused_as_the_protocol_says(court: Court, tmp_path: Path) -> None:
    signed = court.sign()
    assert court.ask(0, signed).status == 200
    later = court.sign()
    stale = court.ask(0, later, [])
    assert (stale.status, stale.body) == (409, f"{signed.size}\n".encode())
    assert court.ask(later.size + 1, later, []).status == 400
    stranger = notes.sign(keys.private(Town(tmp_path / "other").data / "keys"), 5, bytes(32), court.town.now)
    assert court.ask(0, stranger, []).status == 404
    forged = Checkpoint(later.size, later.root, later.at, later.note.replace(f"\n{later.size}\n", f"\n{later.size + 1}\n"))
    assert court.ask(signed.size, forged, []).status == 403
    for body in (
        b"",
        b"old 1\n",
        b"old -1\n\n" + later.note.encode(),
        b"old 01\n\n" + later.note.encode(),
        b"\xff\n\n",
        b"old 3\n?\n\nx",
    ):
        assert court.post(body).status == 400, body
    assert court.post(b"x" * 70_000).status == 413
    assert court.alarms() == "", "strangers raise no alarm"
    assert court.ask(signed.size, later).status == 200


@pytest.mark.rule("A2, promise 2", "A ledger that was rewritten with its own key is not cosigned, and that is an alarm.")
def test_a_ledger_that_was_rewritten_with_its_key_is_not_cosigned(court: Court) -> None:
    signed = court.sign()
    assert court.ask(0, signed).status == 200
    key = keys.private(court.town.data / "keys")
    other = notes.sign(key, signed.size, bytes(32), court.town.now)
    assert court.ask(signed.size, other, []).status == 409
    assert "two ledgers" in court.alarms()
    code, text = call("status", court.folder)
    assert code == 1 and "1 signed checkpoints contradict" in text
    larger = notes.sign(key, signed.size + 7, bytes(32), court.town.now)
    assert court.ask(signed.size, larger, [bytes(32)]).status == 422
    assert f"{signed.size + 7} entries came without a proof" in court.alarms()


@pytest.mark.rule("A2, promise 2", "A ledger that was set back is not cosigned, and that is an alarm.")
def test_a_ledger_that_was_set_back_is_not_cosigned(court: Court) -> None:
    first = court.sign()
    assert court.ask(0, first).status == 200
    second = court.sign()
    assert court.ask(first.size, second).status == 200
    key = keys.private(court.town.data / "keys")
    shorter = notes.sign(key, first.size, first.root, court.town.now + 5000)
    answer = court.ask(first.size, shorter, [])
    assert (answer.status, answer.body) == (409, f"{second.size}\n".encode())
    assert "set back" in court.alarms()
    assert court.ask(first.size, first, []).status == 409, "an old checkpoint that comes again is no lie"
    assert len(list((court.folder / "ledgers").glob("*/contradictions/*.note"))) == 1


def test_it_remembers_after_a_restart_and_serves_a_folder_once(court: Court) -> None:
    signed = court.sign()
    assert court.ask(0, signed).status == 200
    assert call("serve", court.folder, "--address", "127.0.0.1:0") == (1, "Another process serves this folder.\n")
    copied = copytree(court.folder, court.folder.with_name("restarted"))
    with serving(copied) as url:
        court.url = url
        later = court.sign()
        assert court.ask(0, later, []).body == f"{signed.size}\n".encode()
        assert court.ask(signed.size, later).status == 200


@pytest.mark.rule("A4, promise 2", "A ledger that is silent for an hour is an alarm at the witness, whatever the city does.")
def test_silence_is_an_alarm(court: Court, tmp_path: Path) -> None:
    assert court.ask(0, court.sign()).status == 200
    copied = copytree(court.folder, court.folder.with_name("impatient"))
    told = tmp_path / "told"
    with serving(copied, "--silence", "1", "--alarm", f"tee {told}"):
        end = time.monotonic() + 30
        while not told.exists() or "silent" not in told.read_text():
            assert time.monotonic() < end
            time.sleep(0.1)
    assert call("status", copied, "--silence", "1")[0] == 1


def test_a_wrong_clock_of_the_city_is_told(court: Court) -> None:
    court.town.now -= 86_400_000
    signed = court.sign()
    assert court.ask(0, signed).status == 200
    assert "its clock and ours differ by 86" in court.alarms()


@pytest.mark.rule("A2, promise 2", "A witness whose clock went back cosigns nothing, because the time is what it testifies.")
def test_a_witness_whose_clock_went_back_cosigns_nothing(court: Court) -> None:
    told: list[str] = []
    program = runpy.run_path(str(TOOL))
    witness = program["Witness"](court.folder, told.append)
    first = court.sign()
    now = court.town.now // 1000
    assert NAME in witness.add_checkpoint(cosignatures.request(0, [], first).decode(), now)
    later = court.sign()
    body = cosignatures.request(first.size, consistency.path(court.town.ledger, first.size, later.size), later).decode()
    with pytest.raises(program["Refused"]) as refusal:
        witness.add_checkpoint(body, now - 3600)
    assert refusal.value.status == 503 and "went back" in told[-1]
    assert NAME in witness.add_checkpoint(body, now + 1)


def test_its_key_is_secret_and_never_made_twice(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    key = made(folder)
    assert WitnessKey.read(key).name == NAME
    assert (folder / "witness.key").stat().st_mode & 0o777 == 0o600
    assert call("key", folder, NAME)[0] == 1
    assert call("trust", folder, "rubbish") == (1, "not base64\n")
    assert call("key", tmp_path / "x", "two words")[0] == 1
    assert call("status", tmp_path / "none")[0] == 1
    with pytest.raises(ValueError, match="ID"):
        WitnessKey.read(key.replace("+", "+0", 1))
