"""P-15, promise 2: one altered byte, a dropped, swapped or invented record, a rolled-back ledger is named exactly."""

from __future__ import annotations

import ast
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from civicmail.core.disk import frames, journal
from civicmail.core.ledger import checkpoints, entries, keys
from civicmail.core.ledger.problems import KeptRecord, Problem
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.ledger.verify import verify
from core.ledger.town import NOON, Stored, Town, flip, receipt, rewrite_entry, tamper

SOURCE = Path(__file__).resolve().parents[3] / "src" / "civicmail" / "core" / "ledger"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Three batches of 0001 and one of 0002; a checkpoint over two entries, and one over all four that a journal knows."""
    town = Town(tmp_path)
    town.write(4)
    town.integrate()
    town.write(3, "0002")
    town.integrate(signed=True)
    town.write(4)
    town.integrate()
    town.write(1)
    town.integrate(signed=True)
    latest = checkpoints.latest(town.ledger)
    assert latest is not None
    town.write_checkpoint(latest.facts, "0003")
    return town


def problems(town: Town, sealed: tuple[KeptRecord, ...] = ()) -> list[Problem]:
    return verify(town.data, sealed).problems


def only(town: Town, sealed: tuple[KeptRecord, ...] = ()) -> Problem:
    found = problems(town, sealed)
    assert len(found) == 1, [p.text for p in found]
    return found[0]


def named(town: Town) -> set[tuple[str, str, int]]:
    return {(p.code, p.journal, p.number) for p in problems(town)}


def test_the_checker_shares_only_the_format_with_the_writer() -> None:
    ours = "civicmail.core.ledger."
    writers = {p.stem for p in SOURCE.glob("*.py")} - {
        "heads",
        "problems",
        "journal_heads",
        "verify",
        "verify_entries",
        "verify_records",
    }
    for path in [*SOURCE.glob("verify*.py"), SOURCE / "journal_heads.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{a.name}" for a in node.names]
                assert not {n.removeprefix(ours).split(".")[0] for n in names if n.startswith(ours)} & writers, path


def test_nothing_is_wrong_with_a_sound_town(town: Town) -> None:
    verdict = verify(town.data)
    assert verdict.problems == []
    assert (verdict.records, verdict.pending, verdict.entries, verdict.checkpoints) == (13, 1, 4, 2)


def test_an_empty_installation_is_sound(tmp_path: Path) -> None:
    keys.create(tmp_path / "keys")
    assert verify(tmp_path).problems == []


def test_records_behind_the_ledger_are_pending_and_no_problem(town: Town) -> None:
    town.write(5)
    assert verify(town.data).pending == 6
    assert problems(town) == []


def test_every_byte_of_a_journal_counts(town: Town) -> None:
    """Mail that is not sealed yet: flip any byte of the first file of a journal, and the record is named."""
    _, path = journal.log_files(journal.folder(town.data) / "0001")[0]
    whole = path.read_bytes()
    for f in list(frames.walk(whole)):
        padding = f.offset + frames.FIXED.size + len(f.head) + len(f.body)
        for at in [*range(f.offset, padding, 7), *range(padding, f.end)]:
            flip(path, at)
            assert named(town) == {("damaged" if at < padding else "altered", "0001", f.number)}, at
            path.write_bytes(whole)


@pytest.mark.parametrize("at", [*range(0, 40, 5), 44, 63])
def test_the_header_of_a_journal_file_counts(town: Town, at: int) -> None:
    _, path = journal.log_files(journal.folder(town.data) / "0001")[0]
    flip(path, at)
    assert "header" in only(town).text


# -- by somebody who mends the checksums -------------------------------------------------------------------------------


@pytest.mark.rule("P-15, promise 2", "A record whose head is not the integrated one is reported.")
def test_an_altered_head_is_named(town: Town) -> None:
    def change(found: list[Stored]) -> None:
        found[2].head = found[2].head.replace(b"ana@", b"bob@")

    tamper(town, change)
    problem = only(town)
    assert (problem.code, problem.journal, problem.number) == ("altered", "0001", 3)
    assert "head" in problem.text


def test_an_altered_body_is_named(town: Town) -> None:
    def change(found: list[Stored]) -> None:
        found[1].body = found[1].body.replace(b"hello", b"hallo")
        found[1].sha256 = sha256(found[1].body).digest()

    tamper(town, change)
    problem = only(town)
    assert (problem.code, problem.journal, problem.number) == ("altered", "0001", 2)
    assert "body" in problem.text


def test_an_altered_body_with_a_head_to_match_is_named(town: Town) -> None:
    def change(found: list[Stored]) -> None:
        s = found[1]
        s.body = s.body.replace(b"hello", b"hallo")
        s.sha256 = sha256(s.body).digest()
        s.head = receipt("0001", 2, s.id, s.sha256, len(s.body))

    tamper(town, change)
    assert named(town) == {("altered", "0001", 2)}


@pytest.mark.rule("P-15, promise 2", "A missing record that was integrated is reported.")
def test_a_dropped_record_is_named(town: Town) -> None:
    tamper(town, lambda found: found[:1] + found[2:])
    assert named(town) == {("altered", "0001", 3), ("dropped", "0001", 2)}


def test_a_dropped_record_is_named_though_the_others_moved_up(town: Town) -> None:
    def change(found: list[Stored]) -> list[Stored]:
        for s in found[2:]:
            s.number -= 1
        return found[:1] + found[2:]

    tamper(town, change)
    assert {("altered", "0001", 2), ("altered", "0001", 3), ("damaged", "0001", 4)} <= named(town)


def test_a_dropped_end_of_a_file_is_named(town: Town) -> None:
    tamper(town, lambda found: found[:2])
    problem = only(town)
    assert (problem.code, problem.journal, problem.number, problem.last) == ("damaged", "0001", 3, 4)


def test_a_dropped_journal_is_named(town: Town) -> None:
    shutil.rmtree(journal.folder(town.data) / "0002")
    problem = only(town)
    assert (problem.code, problem.journal, problem.number, problem.last) == ("dropped", "0002", 1, 3)


def test_swapped_records_are_named(town: Town) -> None:
    def change(found: list[Stored]) -> None:
        a, b = found[0], found[2]
        for name in ("id", "sha256", "head", "body"):
            old = getattr(a, name)
            setattr(a, name, getattr(b, name))
            setattr(b, name, old)

    tamper(town, change)
    problem = only(town)
    assert (problem.code, problem.journal, problem.number) == ("swapped", "0001", 1)
    assert "record 3" in problem.text


def test_records_that_changed_places_in_the_file_are_named(town: Town) -> None:
    tamper(town, lambda found: [found[1], found[0], *found[2:]])
    assert ("altered", "0001", 2) in named(town)


def test_an_invented_record_is_named(town: Town) -> None:
    def change(found: list[Stored]) -> list[Stored]:
        s = found[2]
        body = b"Subject: never\r\n\r\n"
        head = receipt("0001", 3, s.id, sha256(body).digest(), len(body))
        return [*found[:3], Stored(1, 3, 0, s.id, sha256(body).digest(), head, body), *found[3:]]

    tamper(town, change)
    assert ("invented", "0001", 3) in named(town)
    assert {j for _, j, _ in named(town)} == {"0001"}


@pytest.mark.rule("P-15, promise 2", "A record among integrated ones that was never integrated is reported.")
def test_an_invented_sealed_record_is_named(town: Town) -> None:
    body = b"Subject: never\r\n\r\n"
    for name, number in (("0001", 10), ("0001", 99), ("00ff", 1)):
        head = receipt(name, number, bytes(16), sha256(body).digest(), len(body))
        problem = only(town, (KeptRecord(name, number, head, True),))
        assert (problem.code, problem.journal, problem.number) == ("invented", name, number)


def test_an_integrated_record_that_was_sealed_is_sound(town: Town) -> None:
    record = tuple(KeptRecord(r.journal, r.number, r.head, True) for r in town.records() if r.journal == "0001")
    assert problems(town, record) == []
    shutil.rmtree(journal.folder(town.data) / "0001")
    assert problems(town, record) == []
    assert [(p.code, p.number) for p in problems(town, record[:4] + record[5:])] == [("dropped", 5)]


# -- the ledger --------------------------------------------------------------------------------------------------------


def test_every_leaf_counts(town: Town) -> None:
    path = town.ledger / "leaves" / "0001.bin"
    for at in range(0, path.stat().st_size, 16):
        flip(path, at)
        problem = only(town)
        assert (problem.code, problem.journal, problem.number) == ("altered", "0001", at // 32 + 1)
        assert "leaves/0001.bin" in problem.text and "what is kept is right" in problem.text
        flip(path, at)


def test_missing_leaves_are_named(town: Town) -> None:
    (town.ledger / "leaves" / "0002.bin").unlink()
    problem = only(town)
    assert (problem.journal, problem.number, problem.last) == ("0002", 1, 3)


def test_every_byte_of_the_entries_counts(town: Town) -> None:
    path = entries.log_path(town.ledger)
    found = [(offset, offset + entries.FIXED.size + len(entry), end) for entry, offset, end in entries.walk(path)]
    for index, (start, padding, end) in enumerate(found):
        for at in [*range(start, padding, 5), *range(padding, end)]:
            flip(path, at)
            assert f"ntry {index} of the ledger" in only(town).text, at
            flip(path, at)
    for at in range(16):
        flip(path, at)
        assert "header" in only(town).text
        flip(path, at)


def test_an_entry_with_another_root_is_named(town: Town) -> None:
    rewrite_entry(town, 2, lambda e: e.replace(b'"root":"' + e.split(b'"root":"')[1][:4], b'"root":"0f0f'))
    texts = [p.text for p in problems(town)]
    assert any("Entry 2 of the ledger does not have the root of records 5 to 8 of journal 0001: it is altered." in t for t in texts)


def test_an_entry_with_another_time_is_named(town: Town) -> None:
    rewrite_entry(town, 1, lambda e: e.replace(b'"at":177', b'"at":166'))
    texts = [p.text for p in problems(town)]
    assert "Item 1 of tree/0.bin is not what the entries give." in texts
    assert any("first 2 entries" in t for t in texts)


def test_entries_that_leave_out_or_repeat_records_are_named(town: Town) -> None:
    rewrite_entry(town, 2, lambda e: e.replace(b'"first":5', b'"first":6'))
    assert ("gap", "0001", 5) in named(town)
    rewrite_entry(town, 2, lambda e: e.replace(b'"first":6', b'"first":4'))
    assert ("altered", "0001", 4) in named(town)


@pytest.mark.parametrize("name", ["entries.idx", "tree/0.bin", "tree/1.bin", "tree/2.bin"])
def test_every_derived_item_counts(town: Town, name: str) -> None:
    path = town.ledger / name
    width = 8 if name.endswith("idx") else 32
    for at in range(0, path.stat().st_size, 4):
        flip(path, at)
        assert only(town).text == f"Item {at // width} of {name} is not what the entries give."
        flip(path, at)
    path.unlink()
    assert problems(town)


def test_every_byte_of_a_checkpoint_counts(town: Town) -> None:
    for path in checkpoints.paths(town.ledger):
        for at in range(0, path.stat().st_size - 2, 3):
            flip(path, at)
            assert (only(town).code, path.name in only(town).text) == ("forged", True), at
            flip(path, at)


def test_a_forged_checkpoint_in_a_journal_is_named(town: Town) -> None:
    town.write_checkpoint({"size": 9, "root": "00" * 32, "note": "nonsense"}, "0003")
    problem = only(town)
    assert (problem.code, problem.journal, problem.number) == ("forged", "0003", 2)


def test_a_missing_key_is_named(town: Town) -> None:
    (town.data / "keys" / "ledger.pub").unlink()
    assert "ledger.pub" in only(town).text


@pytest.mark.rule("P-15, promise 2", "A ledger that was set back is named, because journals hold its checkpoints.")
def test_a_ledger_that_was_set_back_is_named_because_a_journal_knows_more(town: Town) -> None:
    kept = town.data / "kept"
    fresh = Town(town.data / "other")
    shutil.copytree(town.ledger, kept)
    set_back(town, 2)
    assert ("rolled back", "", 0) in named(town)
    shutil.rmtree(town.ledger)
    shutil.copytree(fresh.data, town.data, dirs_exist_ok=True)
    assert {p.code for p in problems(town)} >= {"forged"}  # another key: its checkpoints are not ours any more


def set_back(town: Town, size: int) -> None:
    """The ledger folder as it was when it had `size` entries."""
    offset = [o for _, o, _ in entries.walk(entries.log_path(town.ledger))][size]
    for path, length in ((entries.log_path(town.ledger), offset), (entries.offsets_path(town.ledger), 8 * size)):
        with path.open("r+b") as f:
            f.truncate(length)
    for path in checkpoints.paths(town.ledger):
        if int(path.stem) > size:
            path.unlink()
    for level in range(3):
        with (town.ledger / "tree" / f"{level}.bin").open("r+b") as f:
            f.truncate(32 * (size >> level))
    for name, batches in (("0001", 1), ("0002", 1)):
        with (town.ledger / "leaves" / f"{name}.idx").open("r+b") as f:
            f.truncate(16 * batches)


def test_a_ledger_that_was_set_back_and_grew_again_is_named(town: Town) -> None:
    _, known = journal.log_files(journal.folder(town.data) / "0003")[0]
    away = town.data / "away.log"
    known.rename(away)
    set_back(town, 2)
    town.now += 5_000
    town.integrate(signed=True)  # with other times, so other entries
    town.write(2)
    town.integrate(signed=True)
    away.rename(known)
    assert [p.code for p in problems(town)] == ["rolled back"]
    assert "a journal or segment" in only(town).text


def test_a_ledger_shorter_than_its_own_checkpoint_is_named(town: Town) -> None:
    offset = [o for _, o, _ in entries.walk(entries.log_path(town.ledger))][3]
    with entries.log_path(town.ledger).open("r+b") as f:
        f.truncate(offset)
    assert "rolled back" in {p.code for p in problems(town)} | {"rolled back" if "cannot be read" in problems(town)[0].text else ""}


# -- while writers are at work -----------------------------------------------------------------------------------------


def test_half_written_tails_are_no_problem(town: Town) -> None:
    _, path = journal.log_files(journal.folder(town.data) / "0001")[-1]
    with path.open("ab") as f:
        f.write(frames.MAGIC + b"\x01" * 50 + bytes(4096))
    with entries.log_path(town.ledger).open("ab") as f:
        f.write(entries.encode_frame(4, b"{}" * 60)[:-20])
    with (town.ledger / "tree" / "0.bin").open("ab") as f:
        f.write(bytes(32) + b"half")
    with (town.ledger / "leaves" / "0001.bin").open("ab") as f:
        f.write(b"x" * 50)
    assert problems(town) == []


def test_what_is_integrated_while_the_checker_reads_is_no_problem(town: Town) -> None:
    def sealed():  # type: ignore[no-untyped-def]
        town.write(2)
        town.integrate(signed=True)
        yield from [KeptRecord(r.journal, r.number, r.head, True) for r in town.records()]

    assert verify(town.data, sealed()).problems == []


def test_a_sequencer_that_opens_meanwhile_makes_no_file_shorter(town: Town) -> None:
    sizes = {p: p.stat().st_size for p in town.ledger.rglob("*.*")}
    (town.ledger / "checkpoints" / f"{4:016d}.note").unlink()
    with Sequencer(town.data) as s:
        assert s.size == 4
        s.integrate(NOON)
    for path, size in sizes.items():
        assert not path.exists() or path.stat().st_size >= size
