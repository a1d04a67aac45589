"""Verify: a whole archive has no problem, and whatever is changed is named (promise 2)."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.core.ledger.problems import KeptRecord
from civicmail.mail.archive import catalogue, runs, seal_state, segments
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.seal_state import SealState
from civicmail.mail.archive.segments import Segment
from civicmail.mail.archive.verify import Check, torn_tails
from mail.archive.making import NOW, UNSYNCED, capture, delivered, fill, seal, writer


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("sealed")
    fill(data, [b"body %d" % (n % 5) for n in range(12)])
    w = writer(data)
    w.event(delivered(capture(b"elsewhere")))
    w.flush()
    w.close()
    seal(data)
    return data


@pytest.fixture
def data(sealed: Path, tmp_path: Path) -> Path:
    shutil.copytree(sealed, tmp_path / "data")
    return tmp_path / "data"


def checked(data: Path, *, deep: bool = True) -> tuple[Check, list[KeptRecord]]:
    check = Check(data, deep=deep)
    return check, list(check.heads())


def codes(data: Path, *, deep: bool = True) -> set[str]:
    return {p.code for p in checked(data, deep=deep)[0].problems}


def first_segment(data: Path) -> tuple[str, str, str]:
    return next(name for name in segments.listed(data) if name[0] == "mail")


def test_a_whole_archive_has_no_problem_and_every_head_comes_once(data: Path) -> None:
    check, heads = checked(data)
    assert (check.problems, check.notes) == ([], [])
    assert sorted((h.journal, h.number) for h in heads) == [("0001", n) for n in range(1, 26)]
    assert all(h.sealed for h in heads)
    assert check.captures == 12
    assert check.segments == len(list(segments.listed(data)))


def test_an_empty_folder_is_whole(tmp_path: Path) -> None:
    check, heads = checked(tmp_path)
    assert (check.problems, heads, check.segments) == ([], [], 0)


def test_any_changed_bit_of_any_sealed_file_is_named(data: Path) -> None:
    """Segments, runs and keys; the seal itself has no other files."""
    chance = random.Random(7)
    paths = sorted(p for top in ("segments", "catalogue", "keys/segments") for p in (data / top).rglob("*") if p.is_file())
    for path in paths:
        original = path.read_bytes()
        for _ in range(12):
            content = bytearray(original)
            bit = chance.randrange(len(content) * 8)
            content[bit // 8] ^= 1 << bit % 8
            path.write_bytes(content)
            assert codes(data), f"bit {bit} of {path.name}"
        path.write_bytes(original)
    assert codes(data) == set()


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ("segment", {"segment-missing", "number-missing"}),
        ("key", {"key-missing", "number-missing"}),
        ("run", {"catalogue-row"}),
        ("master key", {"key-missing", "number-missing"}),
    ],
)
def test_a_lost_file_is_named(data: Path, lost: str, expected: set[str]) -> None:
    class_, month, name = first_segment(data)
    path = {
        "segment": segments.path_of(data, class_, month, name),
        "key": data / "keys" / "segments" / f"{name}.key",
        "run": next((data / "catalogue" / month).glob("*.run")),
        "master key": data / "keys" / "master.key",
    }[lost]
    path.unlink()
    assert codes(data) == expected


def test_a_damaged_frame_is_named_with_what_is_in_it_and_costs_nothing_else(data: Path) -> None:
    names = [n for n in segments.listed(data) if n[0] == "mail"]
    path = segments.path_of(data, *names[0])
    content = bytearray(path.read_bytes())
    content[50] ^= 1
    path.write_bytes(content)
    check, heads = checked(data)
    [problem] = check.problems
    assert problem.code == "segment-damaged"
    assert problem.where == f"segments/{'/'.join(names[0])}.seg#0"
    assert "frame 0 at byte 32 does not pass its check. 8 records are in it." in problem.sentence
    assert len(heads) == 25 - 8


def write_again(data: Path, change: str) -> None:
    """Write the first segment anew with its own key, as somebody with the keyring could, with one thing changed."""
    class_, month, name = first_segment(data)
    path = segments.path_of(data, class_, month, name)
    key = Keyring(data).open(name)
    old = Segment(path, name, key)
    [frame] = [old.frame(n) for n in range(old.frames)]
    rows = list(old.rows())
    old.close()
    if change == "body":
        frame = frame.replace(b"\r\n\r\nbody 0\r\n", b"\r\n\r\nBODY 0\r\n", 1)
    elif change == "head":
        frame = frame.replace(b'"size":6', b'"size":7', 1)
    elif change == "hash in head":
        sha = rows[0].sha256.hex().encode()
        frame = frame.replace(b'"sha256":"' + sha, b'"sha256":"' + sha[::-1], 1)
    elif change == "number":
        frame = frame.replace(b":record:0001:1>", b":record:0001:9>", 1)
    path.unlink()
    writer_ = segments.SegmentWriter(UNSYNCED, path, name, key, class_=class_, month=month, created=NOW, checkpoint="")
    writer_.rows = rows
    writer_._pending, writer_._pending_size = [frame], len(frame)
    writer_.finish()
    writer_.file.close()


@pytest.mark.parametrize(
    ("change", "shallow", "deep"),
    [
        ("nothing", set(), set()),
        ("body", set(), {"body-damaged"}),
        ("head", set(), set()),  # the ledger's leaf tells: heads() hands it over
        ("hash in head", set(), {"record-damaged"}),
        ("number", {"record-damaged"}, {"record-damaged"}),
    ],
)
def test_a_change_by_somebody_with_the_keys_is_named(data: Path, change: str, shallow: set[str], deep: set[str]) -> None:
    before = {(h.number, h.head) for h in checked(data)[1]}
    write_again(data, change)
    assert codes(data, deep=False) == shallow
    assert codes(data, deep=True) == deep
    if change in {"head", "hash in head"}:
        assert {(h.number, h.head) for h in checked(data, deep=False)[1]} != before


def test_rows_too_many_or_too_few_in_the_catalogue_are_named(data: Path) -> None:
    _, month, name = first_segment(data)
    place = catalogue.folder(data) / month
    [run] = place.glob("*.run")
    good = run.read_bytes()
    row = segments.Row(Type.RECEIPT, "0001", 1, capture(b"never").id, bytes(32), 0, 0)
    (place / "extra.run").write_bytes(runs.encode(runs.rows_of(0, [row]), [("mail", name)]))
    [problem] = checked(data)[0].problems
    assert "1 rows more" in problem.sentence
    (place / "extra.run").unlink()
    opened = runs.Run(run)
    rows = list(opened.sorted_rows({s: n for n, s in enumerate(opened.segments)}))
    run.write_bytes(runs.encode(rows[1:], opened.segments))
    [problem] = checked(data)[0].problems
    assert problem.code == "catalogue-row"
    assert "1 captures or groups of events" in problem.sentence
    run.write_bytes(good)
    assert codes(data) == set()


def test_numbers_that_are_nowhere_are_named(data: Path) -> None:
    place = data / "journal" / "0001"
    (place / "retired").write_text("30")
    [problem] = checked(data)[0].problems
    assert (problem.code, problem.where) == ("number-missing", "0001:26-30")


def test_what_a_seal_has_left_is_a_note_and_no_problem(data: Path) -> None:
    """Also while one is running."""
    state = SealState("ab" * 12, False, ())
    seal_state.write(data, state, UNSYNCED)
    path = segments.path_of(data, "mail", "2026-03", "ab" * 12 + "0" * 8)
    path.write_bytes(b"half of a segment")
    (data / "catalogue" / "2026-03" / f"{'ab' * 12}.run").write_bytes(b"half of a run")
    check, _ = checked(data)
    assert check.problems == []
    assert check.notes == ["A seal was interrupted; the next one finishes it."]
    with Lease.take(lease_path(data, "seal")):
        assert checked(data)[0].notes == ["A seal is under way."]
    (data / "segments" / "seal.json").write_text("{")
    assert "seal-damaged" in codes(data)


def test_torn_tails_are_reported_and_are_no_problem(tmp_path: Path) -> None:
    w = writer(tmp_path)
    w.receipt(capture(b"x"), b"x")
    w.flush()
    assert torn_tails(tmp_path) == ["Journal 0001 is being written behind record 1."]
    w.journal._lease.close()
    [sentence] = torn_tails(tmp_path)
    assert "killed behind record 1" in sentence
    again = writer(tmp_path)
    again.close()
    assert torn_tails(tmp_path) == []
    assert torn_tails(tmp_path / "nothing") == []
    fill(tmp_path / "other", [b"x"])
    assert torn_tails(tmp_path / "other") == []


def test_progress_is_told(data: Path) -> None:
    told: list[int] = []
    list(Check(data, progress=told.append).heads())
    assert told == sorted(told)
    assert told[-1] == 12


def test_a_seal_while_we_look_is_no_problem(tmp_path: Path) -> None:
    fill(tmp_path, [b"%d" % n for n in range(4)])
    seal(tmp_path)
    fill(tmp_path, [b"%d" % n for n in range(4, 8)])
    check = Check(tmp_path, deep=True)
    heads = check.heads()
    next(heads)
    seal(tmp_path)
    list(heads)
    assert check.problems == []
    assert journal.read_retired(tmp_path / "journal" / "0001") == 16


def test_a_seal_between_listing_segments_and_reading_the_catalogue_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, [b"%d" % n for n in range(4)])
    seal(tmp_path)
    fill(tmp_path, [b"%d" % n for n in range(4, 8)])
    check = Check(tmp_path, deep=True)
    look = check._catalogue.refresh

    def sealed_meanwhile(ignore: str = "") -> None:
        seal(tmp_path)
        look(ignore)

    monkeypatch.setattr(check._catalogue, "refresh", sealed_meanwhile)
    assert len(list(check.heads())) == 8
    assert check.problems == []
