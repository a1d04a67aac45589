"""A new master key: every segment stays readable after a crash anywhere, and only the new recovery key counts (P-20)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.files import File
from civicmail.core.disk.lease import Lease, lease_path
from civicmail.mail.archive import keyring, master_key
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.keyring import Keyring
from mail.archive.making import Unsynced

SEGMENTS = {f"{n:032x}": bytes([n]) * 32 for n in range(5)}


class Cut(Exception):
    """The process ends here."""


class Ending(Unsynced):
    """Ends at the n-th operation that changes a name or opens a file."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cut

    def open(self, path: Path, *, create: bool = False) -> File:
        self._step()
        return super().open(path, create=create)

    def rename(self, old: Path, new: Path) -> None:
        self._step()
        super().rename(old, new)

    def unlink(self, path: Path) -> None:
        self._step()
        super().unlink(path)


def made(data: Path) -> str:
    (data / "leases").mkdir(parents=True)
    recovery = keyring.create(data, files=Unsynced())
    Keyring(data, Unsynced()).keep(SEGMENTS)
    return recovery


def opened(data: Path) -> dict[str, bytes]:
    ring = Keyring(data)
    return {name: ring.open(name) for name in SEGMENTS}


def test_every_segment_key_is_under_the_new_master_key_and_the_old_one_opens_none(tmp_path: Path) -> None:
    old_recovery, shown = made(tmp_path), []
    before = (tmp_path / "keys" / "master.key").read_bytes()
    assert master_key.rotate(tmp_path, show=shown.append, files=Unsynced()) == len(SEGMENTS)
    assert opened(tmp_path) == SEGMENTS
    assert not master_key.is_unfinished(tmp_path)
    assert not keyring.prove_recovery(tmp_path, old_recovery, now=1)
    assert not keyring.is_proved(tmp_path)
    assert keyring.prove_recovery(tmp_path, shown[0], now=1)
    (tmp_path / "keys" / "master.key").write_bytes(before)
    with pytest.raises(KeyMissing, match="another master key"):
        opened(tmp_path)
    keyring.recover(tmp_path, shown[0])
    assert opened(tmp_path) == SEGMENTS


@pytest.mark.rule("P-20, promise 1", "A crash at any moment of a rotation leaves every segment readable.")
def test_a_crash_at_any_operation_leaves_every_segment_readable_and_another_call_ends_it(tmp_path: Path) -> None:
    made(tmp_path / "base")
    steps = 0
    while True:
        data = shutil.copytree(tmp_path / "base", tmp_path / f"at{steps}")
        shown: list[str] = []
        try:
            master_key.rotate(data, show=shown.append, files=Ending(steps))
        except Cut:
            assert opened(data) == SEGMENTS
            if shown:  # the new recovery key brings everything back from here, too
                lost = shutil.copytree(data, tmp_path / f"lost{steps}")
                for name in ("master.key", "master.old"):
                    (lost / "keys" / name).unlink(missing_ok=True)
                keyring.recover(lost, shown[0])
                assert opened(lost) == SEGMENTS
            master_key.rotate(data, show=shown.append, files=Unsynced())
            assert opened(data) == SEGMENTS
            assert not master_key.is_unfinished(data)
            assert keyring.prove_recovery(data, shown[-1], now=1)
            steps += 1
            continue
        break
    assert steps > 20


def test_a_reader_that_was_there_before_reads_on(tmp_path: Path) -> None:
    made(tmp_path)
    ring = Keyring(tmp_path)
    master_key.rotate(tmp_path, show=lambda _: None, files=Unsynced())
    assert {name: ring.open(name) for name in SEGMENTS} == SEGMENTS


def test_whoever_seals_keeps_the_master_key_from_changing(tmp_path: Path) -> None:
    made(tmp_path)
    with Lease.take(lease_path(tmp_path, "seal")), pytest.raises(LeaseHeld):
        master_key.rotate(tmp_path, show=lambda _: None)
