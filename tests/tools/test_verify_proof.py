"""P-15, promise 2: anybody can prove the stored bytes offline, without our code."""

from __future__ import annotations

import ast
import base64
import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.ledger import checkpoints, keys, notes, proof
from core.ledger.town import Town

TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_proof.py"
BODY = b"Subject: %d\r\n\r\nhello\r\n"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path / "data")
    for count in (5, 1, 7):
        town.write(count)
        town.integrate(signed=True)
    return town


@pytest.fixture
def written(town: Town) -> Path:
    """The proof of record 7."""
    r = town.records()[6]
    path = town.data.parent / "proof.json"
    path.write_text(json.dumps(proof.prove(town.data, r.journal, r.number, r.head)), encoding="utf-8")
    return path


def check(path: Path, *options: str | Path) -> tuple[int, str]:
    command = [sys.executable, "-I", str(TOOL), str(path), *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    return done.returncode, done.stdout


def test_it_is_short_and_needs_one_library() -> None:
    text = TOOL.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 265
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_a_proof_holds(town: Town, written: Path) -> None:
    code, sentence = check(written)
    assert code == 0
    assert sentence.startswith("Proved: receipt ") and "record 7 of journal 0001" in sentence and "compare it" in sentence


def test_a_proof_holds_for_the_exact_bytes_only(town: Town, written: Path) -> None:
    message = town.data.parent / "message.eml"
    message.write_bytes(BODY % 7)
    code, sentence = check(written, "--message", message)
    assert (code, "byte for byte" in sentence) == (0, True)
    for other in (BODY % 8, BODY % 7 + b"\r\n", (BODY % 7).replace(b"\r\n", b"\n"), b""):
        message.write_bytes(other)
        code, sentence = check(written, "--message", message)
        assert (code, sentence.startswith("Not proved:")) == (1, True)


def test_the_key_and_the_checkpoint_may_be_known_from_elsewhere(town: Town, written: Path) -> None:
    code, sentence = check(written, "--key", town.data / "keys" / "ledger.pub")
    assert (code, "the key you gave" in sentence) == (0, True)
    assert check(written, "--key", base64.b64encode(town.public).decode())[0] == 0
    assert check(written, "--checkpoint", checkpoints.paths(town.ledger)[-1])[0] == 0
    code, sentence = check(written, "--checkpoint", checkpoints.paths(town.ledger)[0])
    assert (code, "nothing here proves that the checkpoint of 1 entries" in sentence) == (1, True)


def test_another_key_or_another_ledger_is_not_trusted(town: Town, written: Path) -> None:
    other = keys.create(town.data / "other")
    assert check(written, "--key", base64.b64encode(other).decode())[0] == 1
    fork = notes.sign(keys.private(town.data / "keys"), 3, sha256(b"another ledger").digest(), 1)
    path = town.data.parent / "fork.note"
    path.write_text(fork.note, encoding="utf-8")
    code, sentence = check(written, "--checkpoint", path)
    assert (code, "two ledgers" in sentence) == (1, True)


def test_a_path_of_consistency_is_checked_like_everything_else(town: Town, written: Path) -> None:
    """A proof that claims to continue an older checkpoint, with any other path, does not hold."""
    checkpoints.note_published(town.ledger, 1)
    checkpoints.note_published(town.ledger, 2)
    r = town.records()[6]
    plain = proof.prove(town.data, r.journal, r.number, r.head)
    notes_ = [checkpoints.paths(town.ledger)[n] for n in (0, 1)]
    for change in (lambda path: path.pop(), lambda path: path.append("00" * 32), lambda path: path.__setitem__(0, "00" * 32)):
        for n, note in enumerate(notes_):
            changed = json.loads(json.dumps(plain))
            change(changed["consistency"][n]["path"])
            written.write_text(json.dumps(changed))
            assert check(written, "--checkpoint", note)[0] == 1
    written.write_text(json.dumps(plain))
    assert [check(written, "--checkpoint", note)[0] for note in notes_] == [0, 0]


def resigned(plain: dict[str, Any], town: Town) -> None:
    """By a forger with a key of his own."""
    keys.create(town.data / "forger")
    key = keys.private(town.data / "forger")
    known = notes.read(plain["checkpoint"])
    plain["checkpoint"] = notes.sign(key, known.size, known.root, known.at).note


CHANGES: dict[str, Callable[[dict[str, Any], Town], object]] = {
    "a head with another sender": lambda p, t: p.update(head=p["head"].replace("ana@", "bob@")),
    "that and a leaf to match": lambda p, t: (
        p.update(head=p["head"].replace("ana@", "bob@")),
        p.update(leaf=sha256(b"\0" + p["head"].encode()).hexdigest()),
    ),
    "another place in the batch": lambda p, t: p["batch"].update(index=1),
    "a negative place": lambda p, t: p["batch"].update(index=-1),
    "another size of the batch": lambda p, t: p["batch"].update(size=8),
    "a shorter path": lambda p, t: p["batch"]["path"].pop(),
    "a longer path": lambda p, t: p["batch"]["path"].append("00" * 32),
    "another entry": lambda p, t: p.update(entry=p["entry"].replace('"first":7', '"first":8')),
    "another time in the entry": lambda p, t: p.update(entry=p["entry"].replace('"at":1', '"at":2')),
    "another place in the ledger": lambda p, t: p["ledger"].update(index=1),
    "another size of the ledger": lambda p, t: p["ledger"].update(size=4),
    "another path in the ledger": lambda p, t: p["ledger"].update(path=["00" * 32]),
    "another size in the checkpoint": lambda p, t: p.update(checkpoint=p["checkpoint"].replace("\n3\n", "\n4\n")),
    "another time in the checkpoint": lambda p, t: p.update(checkpoint=p["checkpoint"].replace("at 1", "at 2")),
    "no signature": lambda p, t: p.update(checkpoint=p["checkpoint"].partition("\n\n")[0] + "\n\n"),
    "the signature of another key": resigned,
    "another key": lambda p, t: p.update(key=base64.b64encode(keys.create(t.data / "x")).decode()),
    "half a key": lambda p, t: p.update(key="AAAA"),
    "another version": lambda p, t: p.update(v="civicmail proof 2"),
    "nothing": lambda p, t: p.clear(),
    "a number for a list": lambda p, t: p["ledger"].update(path=7),
    "a list for a text": lambda p, t: p.update(head=[1]),
    "a broken hash": lambda p, t: p["batch"]["path"].__setitem__(0, "zz"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_proof_does_not_hold(town: Town, written: Path, change: str) -> None:
    plain = json.loads(written.read_text())
    before = json.dumps(plain)
    CHANGES[change](plain, town)
    assert json.dumps(plain) != before
    written.write_text(json.dumps(plain))
    code, sentence = check(written)
    assert (code, sentence.startswith("Not proved:")) == (1, True), sentence


def test_what_is_no_proof_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for content in (b"", b"[]", b"7", b"\xff\xfe", b"[" * 100_000):
        path.write_bytes(content)
        assert check(path)[0] == 1
    assert check(tmp_path / "missing")[0] == 2
