"""The catalogue: every lookup agrees with a plain list, merging changes nothing, damage is noticed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import Files
from civicmail.mail.archive import catalogue, runs
from civicmail.mail.archive.catalogue import RUNS_MOST, Catalogue
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Type, month_of
from civicmail.mail.archive.runs import Run
from civicmail.mail.archive.segments import Row
from mail.archive.making import NOW

MONTH = month_of(NOW)
numbers = st.integers(0, 40)


def row(n: int, type_: Type = Type.RECEIPT, frame: int = 0) -> Row:
    """Capture n; several share their first eight bytes of id, and some their message."""
    id_ = capture_id(NOW + n // 5, bytes(2) + n.to_bytes(8))
    sha = hashlib.sha256(b"%d" % (n % 7)).digest() if type_ == Type.RECEIPT else bytes(32)
    return Row(type_, "0001", n, id_, sha, frame, n * 100)


def put(data: Path, name: str, rows: list[Row], month: str = MONTH) -> None:
    place = catalogue.folder(data) / month
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.run").write_bytes(runs.encode(runs.rows_of(0, rows), [("mail", f"segment-{name}")]))


def view(data: Path, ignore: str = "") -> Catalogue:
    made = Catalogue(data)
    made.refresh(ignore)
    return made


@given(st.lists(st.tuples(numbers, st.booleans()), max_size=40, unique=True), st.integers(1, 4))
def test_lookups_agree_with_a_plain_list(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple[int, bool]], parts: int
) -> None:
    data = tmp_path_factory.mktemp("catalogue")
    rows = [row(n, Type.DELIVERED if event else Type.RECEIPT, frame=n) for n, event in made]
    grouped = {part: list(runs.groups_of(rows[part::parts])) for part in range(parts)}
    for part in range(parts):
        put(data, f"r{part}", rows[part::parts])
    seen = view(data)
    expected = [r for group in grouped.values() for r in group]
    captures = [r for r in expected if r.type == Type.RECEIPT]
    assert seen.count() == len(captures)
    assert [e.id for e in seen.each()] == sorted(r.id for r in expected)
    assert [e.id for e in seen.each(newest_first=True)] == sorted((r.id for r in expected), reverse=True)
    for n in range(42):
        wanted = row(n)
        found = seen.by_id(wanted.id)
        assert sorted((e.events, e.where.frame, e.where.offset) for e in found) == sorted(
            (r.type != Type.RECEIPT, r.frame, r.offset) for r in expected if r.id == wanted.id
        )
        digits = wanted.id.hex()
        for length in (12, 15, 16, 17, 29, 32):
            prefixed = {p.id for p in seen.by_id_prefix(digits[:length])}
            assert prefixed == {r.id for r in captures if r.id.hex().startswith(digits[:length])}
        for length in (12, 16, 40, 64):
            start = wanted.sha256.hex()[:length]
            hashed = sorted(p.id for p in seen.by_hash_prefix(start))
            assert hashed == sorted(r.id for r in captures if r.sha256.hex().startswith(start[:16]))


def test_forty_bytes_a_capture(tmp_path: Path) -> None:
    put(tmp_path, "r", [row(n) for n in range(10_000)])
    size = (catalogue.folder(tmp_path) / MONTH / "r.run").stat().st_size
    assert 40 * 10_000 <= size < 40 * 10_000 + 200


@given(st.data())
def test_one_changed_bit_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    place = tmp_path_factory.mktemp("run") / "2026-03"
    place.mkdir()
    content = bytearray(runs.encode(runs.rows_of(0, [row(n) for n in range(3)]), [("mail", "s")]))
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    (place / "r.run").write_bytes(content)
    with pytest.raises(DamagedFile, match="rebuild"):
        Run(place / "r.run").check()


@pytest.mark.parametrize("size", [0, 10, 24, 60])
def test_a_run_that_was_cut_is_noticed(tmp_path: Path, size: int) -> None:
    content = runs.encode(runs.rows_of(0, [row(1)]), [("mail", "s")])
    (tmp_path / "r.run").write_bytes(content[:size])
    with pytest.raises(DamagedFile):
        Run(tmp_path / "r.run")


def test_merging_keeps_every_row_and_few_runs(tmp_path: Path) -> None:
    for n in range(40):
        put(tmp_path, f"r{n:02d}", [row(n)])
        catalogue.merge(tmp_path, f"m{n:02d}", [MONTH])
        seen = view(tmp_path)
        assert len(seen.runs(MONTH)) <= RUNS_MOST
        assert [e.id for e in seen.each()] == sorted(row(k).id for k in range(n + 1))
        assert seen.by_id(row(n).id)[0].where.segment == f"segment-r{n:02d}"
    assert {p.suffix for p in (catalogue.folder(tmp_path) / MONTH).iterdir()} == {".run"}
    assert len(list((catalogue.folder(tmp_path) / MONTH).iterdir())) <= RUNS_MOST


def test_rows_are_written_again_only_a_few_times() -> None:
    """Merging the smallest ones first: a large run is left alone while small ones come."""
    sizes: list[int] = []
    written = 0
    for _ in range(2000):
        sizes = sorted([*sizes, 1])
        if len(sizes) > RUNS_MOST:
            taken, total = 2, sizes[0] + sizes[1]
            while taken < len(sizes) and sizes[taken] <= 2 * total:
                total += sizes[taken]
                taken += 1
            written += total
            sizes = [*sizes[taken:], total]
    assert written / 2000 < 8


def test_a_walk_goes_on_when_runs_are_merged_meanwhile(tmp_path: Path) -> None:
    put(tmp_path, "r", [row(0)], month="2020-01")
    for n in range(1, 10):
        put(tmp_path, f"r{n}", [row(n)])
    seen = view(tmp_path)
    walk = seen.each()
    assert next(walk).id == row(0).id
    catalogue.merge(tmp_path, "merged", [MONTH])
    assert [e.id for e in walk] == sorted(row(n).id for n in range(1, 10))
    with pytest.raises(FileNotFoundError):
        view_before = Catalogue(tmp_path)
        view_before.refresh()
        for n in range(10, 20):
            put(tmp_path, f"s{n}", [row(n)])
        catalogue.merge(tmp_path, "again", [MONTH])
        view_before.by_id(row(1).id)


class Stops(Files):
    def unlink(self, path: Path) -> None:
        if not path.name.startswith("."):
            raise OSError("stopped")


def test_a_merge_that_was_interrupted_counts_once(tmp_path: Path) -> None:
    for n in range(9):
        put(tmp_path, f"r{n}", [row(n)])
    with pytest.raises(OSError, match="stopped"):
        catalogue.merge(tmp_path, "merged", [MONTH], Stops())
    assert len(list((catalogue.folder(tmp_path) / MONTH).glob("*.run"))) == 10
    assert view(tmp_path).count() == 9
    assert catalogue.merge(tmp_path, "again", [MONTH]) == 0
    assert len(list((catalogue.folder(tmp_path) / MONTH).glob("*.run"))) < 9
    assert view(tmp_path).count() == 9


def test_a_run_of_a_seal_that_was_not_committed_is_not_seen(tmp_path: Path) -> None:
    put(tmp_path, "good", [row(1)])
    put(tmp_path, "bad", [row(2)])
    seen = view(tmp_path, ignore="bad")
    assert [e.id for e in seen.each()] == [row(1).id]
    assert seen.by_id(row(2).id) == []


def test_an_id_asks_its_month_only(tmp_path: Path) -> None:
    put(tmp_path, "r", [row(1)])
    put(tmp_path, "r", [row(2)], month="2020-01")
    seen = view(tmp_path)
    assert seen.months == ["2020-01", MONTH]
    assert seen.by_id(row(2).id) == []
    assert len(seen.by_id(row(1).id)) == 1
    assert seen.count() == 2
