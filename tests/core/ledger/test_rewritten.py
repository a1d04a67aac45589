"""An archive that was rewritten by somebody with the right keys is caught by any older checkpoint that left the house (P-15,
promise 2): by `verify`, and offline by the checkers in tools, which share no code with the writer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.ledger import checkpoints, consistency, merkle, notes, proof
from civicmail.core.ledger.errors import LedgerRolledBack, NotOurCheckpoint
from civicmail.core.ledger.notes import Checkpoint
from civicmail.core.ledger.verify import External, verify
from core.ledger.town import Town

TOOL = Path(__file__).resolve().parents[3] / "tools" / "verify_proof.py"
BODY = b"Subject: %d\r\n\r\nhello\r\n"
COUNTS = (3, 1, 4, 2, 5)


def grown(data: Path, counts: tuple[int, ...], keys_of: Path | None = None, rewritten: int = 0) -> Town:
    """A ledger with an entry and a checkpoint for each count of records. keys_of: of another one; rewritten: the number of a record
    with another message."""
    if keys_of is not None:
        shutil.copytree(keys_of / "keys", data / "keys")
    town = Town(data)
    number = 0
    for count in counts:
        for _ in range(count):
            number += 1
            town.write(1, body=b"Subject: %d\r\n\r\nnever said\r\n" if number == rewritten else BODY)
        town.integrate(signed=True)
    return town


def signed(town: Town) -> list[Checkpoint]:
    return [notes.read(path.read_text(encoding="utf-8")) for path in checkpoints.paths(town.ledger)]


def brought(*known: Checkpoint) -> External:
    return External({f"{c.size}.note": c.note for c in known})


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return grown(tmp_path_factory.mktemp("honest") / "data", COUNTS)


@pytest.fixture(scope="module")
def forged(honest: Town, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Record 2 of it says something else, and everything that follows from it was made again with the city's own keys."""
    return grown(tmp_path_factory.mktemp("forged") / "data", COUNTS, honest.data, rewritten=2)


@pytest.mark.rule(
    "P-15, promise 2",
    "A checkpoint from outside, of any size, reveals an archive that was rewritten since, even by a person with all keys.",
)
def test_verify_names_a_rewritten_archive_by_any_older_checkpoint(honest: Town, forged: Town) -> None:
    """Without one from outside there is nothing to see."""
    assert verify(forged.data).problems == [] and verify(honest.data, external=brought(*signed(honest))).problems == []
    for known in signed(honest):
        problems = verify(forged.data, external=brought(known)).problems
        assert [p.code for p in problems] == ["rolled back"] and f"{known.size}.note" in problems[0].text


def test_a_checkpoint_larger_than_the_ledger_says_that_it_was_set_back(honest: Town, tmp_path: Path) -> None:
    older = grown(tmp_path / "data", COUNTS[:2], honest.data)
    problems = verify(older.data, external=brought(signed(honest)[-1])).problems
    assert [p.code for p in problems] == ["rolled back"] and "set back" in problems[0].text


@pytest.mark.rule("P-15, promise 2", "A replaced ledger key is reported to verifiers with the old one.")
def test_a_replaced_key_is_named_by_the_one_that_somebody_knows(honest: Town, tmp_path: Path) -> None:
    """Whoever makes the whole ledger again with a key of their own signs well."""
    other = grown(tmp_path / "data", COUNTS)
    assert verify(other.data).problems == []
    problems = verify(other.data, external=External(key=honest.public)).problems
    assert {p.code for p in problems} == {"forged"} and "was replaced" in problems[0].text
    assert verify(honest.data, external=External(key=honest.public)).problems == []


def test_what_is_no_checkpoint_of_this_ledger_is_named_and_proves_nothing(honest: Town, tmp_path: Path) -> None:
    other = grown(tmp_path / "data", (1,))
    for note in (signed(other)[0].note, "hello", "", signed(honest)[0].note.replace("\nat ", "\nat 1")):
        assert [p.code for p in verify(honest.data, external=External({"x": note})).problems] == ["forged"]
    path = tmp_path / "x"
    for text in (signed(other)[0].note, "hello", "{}", '{"checkpoint": 7}'):
        path.write_text(text)
        with pytest.raises(NotOurCheckpoint):
            consistency.read(path, honest.public)


def check(path: Path, *options: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(TOOL), str(path), *map(str, options)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def written(place: Path, name: str, content: object) -> Path:
    path = place / name
    path.write_text(content.note if isinstance(content, Checkpoint) else json.dumps(content), encoding="utf-8")
    return path


def proved(town: Town, number: int = 1) -> dict[str, object]:
    r = town.records()[number - 1]
    return proof.prove(town.data, r.journal, r.number, r.head)


@pytest.mark.rule(
    "P-15, promise 2",
    "A proof continues the published checkpoints, so that their holders can verify offline that nothing was rewritten "
    "since (RFC 9162, 2.1.4).",
)
def test_offline_a_proof_continues_every_published_checkpoint(honest: Town, forged: Town, tmp_path: Path) -> None:
    """Of any size; and that of a rewritten archive contradicts each of them."""
    for town in (honest, forged):
        for known in signed(honest):
            checkpoints.note_published(town.ledger, known.size)
    good, bad = written(tmp_path, "good", proved(honest)), written(tmp_path, "bad", proved(forged))
    for known in signed(honest):
        note = written(tmp_path, f"{known.size}.note", known)
        code, said = check(good, "--checkpoint", note)
        assert (code, "in one ledger with each checkpoint" in said) == (0, True), said
        code, said = check(bad, "--checkpoint", note)
        assert (code, "rewritten" in said) == (1, True), said
    every = [word for path in sorted(tmp_path.glob("*.note")) for word in ("--checkpoint", path)]
    assert check(good, *every)[0] == 0


@pytest.mark.rule("P-15, promise 2", "Nothing is proved to continue a checkpoint that the ledger does not continue.")
def test_offline_a_checkpoint_that_nobody_has_noted_is_proved_when_it_is_asked_for(tmp_path: Path) -> None:
    """Older or newer than the proof; and what does not continue it cannot be proved."""
    town = grown(tmp_path / "data", COUNTS)
    first, *_, fourth, last = signed(town)
    given = [written(tmp_path, f"{n}.note", known) for n, known in enumerate((first, fourth, last))]
    old = proof.prove(town.data, "0001", 1, town.records()[0].head, signed(town)[2])
    path = written(tmp_path, "proof", old)
    for note in given:
        code, said = check(path, "--checkpoint", note)
        assert (code, "nothing here proves" in said) == (1, True), said
    together = consistency.prove(town.data, last, [first, fourth, consistency.read(path, town.public)])
    asked = written(tmp_path, "asked", together)
    for note in given:
        assert check(path, "--checkpoint", note, "--consistency", asked)[0] == 0
        code, said = check(asked, "--checkpoint", note)
        assert (code, said.startswith("Proved: ")) == (0, True), said
    assert check(asked)[0] == 1
    forged = grown(tmp_path / "forged", COUNTS, town.data, rewritten=2)
    with pytest.raises(LedgerRolledBack):
        consistency.prove(forged.data, signed(forged)[-1], [first])
    theirs = written(tmp_path, "theirs", consistency.prove(forged.data, signed(forged)[-1], [*signed(forged)]))
    assert check(written(tmp_path, "bad", proved(forged)), "--checkpoint", given[0], "--consistency", theirs)[0] == 1
    assert check(theirs, "--checkpoint", given[0])[0] == 1
    bad = written(tmp_path, "bad", proof.prove(forged.data, "0001", 1, forged.records()[0].head, signed(forged)[2]))
    assert check(bad, "--checkpoint", given[0], "--consistency", asked)[0] == 1, "what continues is another ledger than the proof's"
    assert check(path, "--checkpoint", given[0], "--consistency", theirs)[0] == 1


@settings(max_examples=12)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=9).map(tuple), st.data())
def test_whatever_was_rewritten_each_checkpoint_that_covers_it_says_so(
    tmp_path_factory: pytest.TempPathFactory, counts: tuple[int, ...], d: st.DataObject
) -> None:
    """A property of any history: those that cover it, and no others."""
    at = d.draw(st.integers(1, sum(counts)))
    town = grown(tmp_path_factory.mktemp("town") / "data", counts)
    other = grown(tmp_path_factory.mktemp("other") / "data", counts, town.data, rewritten=at)
    entry = next(n for n in range(len(counts)) if sum(counts[: n + 1]) >= at)
    for known in signed(town):
        assert bool(verify(other.data, external=brought(known)).problems) == (known.size > entry)
        own = consistency.paths(other.ledger, signed(other)[-1], [c for c in signed(other) if c.size == known.size])
        ends = (known.root, signed(other)[-1].size, signed(other)[-1].root)
        for one in own:
            path = [bytes.fromhex(p) for p in one["path"]]
            assert merkle.verify_consistency(one["size"], *ends, path) == (known.size <= entry)
