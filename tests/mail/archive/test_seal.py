"""Sealing: everything is where a reader finds it, before and after (promises 1 to 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.mail.archive import gather, keyring, seal_batch, seal_state, segments
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.store import Store
from civicmail.mail.archive.verify import Check
from mail.archive.crashing import no_problem
from mail.archive.making import (
    MONTH,
    NOW,
    capture,
    contents,
    delivered,
    fill,
    seal,
    spooled,
    writer,
)


def test_everything_is_the_same_before_and_after(unsealed: Path) -> None:
    before = contents(unsealed)
    report = seal(unsealed)
    assert report.blocked == []
    assert report.records == 45
    assert contents(unsealed) == before
    assert [journal.log_files(journal.folder(unsealed) / name) for name in journal.names(unsealed)] == [[], []]
    assert list((unsealed / "journal").glob("*/spool/*")) == []
    assert seal_state.read(unsealed) is None
    assert no_problem(unsealed).captures == len(before) == 23
    assert seal(unsealed).records == 0


def test_groups_are_class_and_month_of_the_capture_for_events_too(unsealed: Path) -> None:
    seal(unsealed)
    assert {(c, m) for c, m, _ in segments.listed(unsealed)} == {
        ("mail", "2026-03"),
        ("mail", "2026-04"),
        ("mail", "2026-05"),
        ("quarantine", "2026-03"),
        ("ledger", "2026-03"),
    }


@settings(max_examples=12)
@given(
    st.lists(st.tuples(st.binary(max_size=50), st.integers(0, 3), st.sampled_from(["mail", "hr", "Odd/Class"])), max_size=12),
    st.data(),
)
def test_sealing_in_any_portions_gives_the_same_archive(
    tmp_path_factory: pytest.TempPathFactory, messages: list[tuple[bytes, int, str]], choice: st.DataObject
) -> None:
    data = tmp_path_factory.mktemp("portions")
    keyring.create(data)
    made = []
    for body, month, class_ in messages:
        w = writer(data, 4096)
        made.append(capture(body, received=NOW + len(made) + month * MONTH, class_=class_))
        w.receipt(made[-1], body)
        if choice.draw(st.booleans()):
            w.event(delivered(choice.draw(st.sampled_from(made))))
        w.flush()
        w.close()
        if choice.draw(st.booleans()):
            before = contents(data)
            seal(data)
            assert contents(data) == before
    assert set(contents(data)) == {c.uuid for c in made}
    no_problem(data)


def test_nothing_is_sealed_before_ledger_index_and_snapshot_have_passed_it(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    w = writer(tmp_path)
    for n in range(6):
        body = b"%d" % n
        w.receipt(capture(body, received=NOW + n), body)
        w.flush()
        if n in {1, 3}:
            w.journal.rotate()
    w.close()
    assert [(f.first, f.last) for f in gather.closed(tmp_path, {"0001": 6})] == [(1, 2), (3, 4), (5, 6)]
    assert [(f.first, f.last) for f in gather.closed(tmp_path, {"0001": 5})] == [(1, 2), (3, 4)]
    assert list(gather.closed(tmp_path, {})) == []
    with Sealer(tmp_path) as sealer:
        assert sealer.seal(lambda: {"0001": 3}, now=NOW).records == 2
    assert [first for first, _ in journal.log_files(tmp_path / "journal" / "0001")] == [3, 5]
    assert journal.read_retired(tmp_path / "journal" / "0001") == 2


def test_the_file_that_a_living_owner_appends_to_is_left_alone(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    w = writer(tmp_path)
    w.receipt(capture(b"x"), b"x")
    w.flush()
    assert seal(tmp_path).records == 0
    w.journal.rotate()
    assert seal(tmp_path).records == 1
    y = capture(b"y", received=NOW + 1)
    w.receipt(y, b"y")
    w.flush()
    assert len(contents(tmp_path)) == 2
    w.close()
    assert seal(tmp_path).records == 1
    assert len(contents(tmp_path)) == 2


def test_the_tail_of_a_killed_owner_is_recovered_and_sealed(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    w = writer(tmp_path)
    w.receipt(capture(b"x"), b"x")
    w.flush()
    w.journal._lease.close()
    assert seal(tmp_path).records == 1
    assert len(contents(tmp_path)) == 1


@pytest.mark.parametrize("damage", ["frame", "body that is not its hash", "spool missing", "spool changed", "head"])
def test_a_damaged_file_is_never_sealed_and_keeps_its_journal_from_it(tmp_path: Path, damage: str) -> None:
    keyring.create(tmp_path)
    w = writer(tmp_path)
    good = capture(b"good")
    w.receipt(good, b"good")
    w.flush()
    w.journal.rotate()
    bad = capture(b"bad", received=NOW + 1)
    if damage.startswith("spool"):
        spooled(w, bad, b"bad")
    elif damage == "head":
        w.journal.append(1, bad.id, lambda *_: b"no json", b"bad", sha256=bad.sha256)
    else:
        w.receipt(bad, b"bat" if damage.startswith("body") else b"bad")
    w.flush()
    w.journal.rotate()
    w.receipt(capture(b"later", received=NOW + 2), b"later")
    w.flush()
    w.close()
    _, path = journal.log_files(w.journal.place)[1]
    if damage == "frame":
        content = bytearray(path.read_bytes())
        content[-1 - 8] ^= 1
        path.write_bytes(content)
    elif damage == "spool missing":
        (w.journal.place / "spool" / bad.id.hex()).unlink()
    elif damage == "spool changed":
        (w.journal.place / "spool" / bad.id.hex()).write_bytes(b"bat")
    report = seal(tmp_path)
    assert report.records == 1
    assert len(report.blocked) == 1
    assert "of journal 0001" in report.blocked[0]
    assert path.exists()
    assert Store(tmp_path).count() == 3
    assert seal(tmp_path).blocked == report.blocked


def test_a_segment_ends_at_its_size_and_the_rest_goes_on_in_the_next(unsealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_batch, "SEGMENT_SIZE", 3000)
    monkeypatch.setattr(segments, "FRAME_SIZE", 1000)
    before = contents(unsealed)
    assert seal(unsealed).segments > 8
    assert contents(unsealed) == before
    no_problem(unsealed)


def test_batches_are_limited_and_all_are_sealed(unsealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from civicmail.mail.archive import seal as module

    monkeypatch.setattr(module, "BATCH_SIZE", 1)
    before = contents(unsealed)
    assert seal(unsealed).records == 45
    assert contents(unsealed) == before
    check = no_problem(unsealed)
    assert check.captures == 23


def test_an_event_without_its_capture_is_kept_all_the_same(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    w = writer(tmp_path)
    stray = capture(b"nowhere")
    w.event(delivered(stray))
    w.flush()
    w.close()
    assert seal(tmp_path).records == 1
    assert [c for c, _, _ in segments.listed(tmp_path)] == ["ledger"]
    assert len(Store(tmp_path).events(stray.id)) == 1
    no_problem(tmp_path)


def test_an_event_goes_to_the_class_of_a_capture_that_was_sealed_before_or_is_not_sealed_yet(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    w, other = writer(tmp_path), writer(tmp_path)
    sealed, waiting = capture(b"1", class_="hr"), capture(b"2", class_="legal", received=NOW + 1)
    w.receipt(sealed, b"1")
    w.flush()
    w.journal.rotate()
    seal(tmp_path)
    w.receipt(waiting, b"2")
    w.flush()
    for c in (sealed, waiting):
        other.event(delivered(c))
    other.flush()
    other.journal.rotate()
    seal(tmp_path)
    assert sorted(c for c, _, _ in segments.listed(tmp_path)) == ["hr", "hr", "legal"]
    store = Store(tmp_path)
    assert len(store.events(sealed.id)) == len(store.events(waiting.id)) == 1
    w.close()
    other.close()
    seal(tmp_path)
    store.refresh()
    assert store.count() == 2
    assert len(store.events(sealed.id)) == len(store.events(waiting.id)) == 1
    no_problem(tmp_path)


def test_where_the_state_of_a_seal_is_damaged_reading_goes_on_and_sealing_does_not(unsealed: Path) -> None:
    before = contents(unsealed)
    (unsealed / "segments").mkdir()
    (unsealed / "segments" / "seal.json").write_bytes(b"{")
    assert contents(unsealed) == before
    with pytest.raises(DamagedFile, match="last seal"):
        seal(unsealed)
    assert contents(unsealed) == before


def test_only_one_seals_and_only_with_a_keyring(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        Sealer(tmp_path)
    keyring.create(tmp_path)
    with Sealer(tmp_path), pytest.raises(LeaseHeld):
        Sealer(tmp_path)
    Sealer(tmp_path).close()


def test_numbers_go_on_behind_what_was_sealed(tmp_path: Path) -> None:
    fill(tmp_path, [b"1", b"2"])
    seal(tmp_path)
    fill(tmp_path, [b"3"])
    [(first, _)] = journal.log_files(tmp_path / "journal" / "0001")
    assert first == 5
    seal(tmp_path)
    assert {(h.journal, h.number) for h in Check(tmp_path).heads()} == {("0001", n) for n in range(1, 7)}


def test_a_reader_that_looked_before_the_seal_finds_everything_after_it(unsealed: Path) -> None:
    store = Store(unsealed)
    places = list(store.captures())
    heads = [store.head(p) for p in places]
    seal(unsealed)
    assert [store.head(p) for p in places] == heads
    assert all(store.body(p) for p in Store(unsealed).captures())
    stale = Store(unsealed)
    assert [len(stale.events(p.id)) for p in places] == [len(store.events(p.id)) for p in places]


def test_frames_say_where_they_are(filled: Path) -> None:
    """The sample has what the tests above rely on: spooled bodies and several files."""
    flags = set()
    for name in journal.names(filled):
        for _, path in journal.log_files(journal.folder(filled) / name):
            flags |= {f.flags for f in frames.walk(path.read_bytes())}
    assert flags == {0, frames.SPOOLED}
