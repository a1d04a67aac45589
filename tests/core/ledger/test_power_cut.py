"""Promise 2: what was called integrated or published is there after a power cut, and no sync of the ledger is there for nothing."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pytest

from civicmail.core.ledger import checkpoints, keys
from civicmail.core.ledger.errors import LedgerEnded
from civicmail.core.ledger.sequencer import Sequencer, positions
from civicmail.core.ledger.verify import verify
from core.ledger.town import Town
from faults.recording import RecordingFiles, Site, power_cut

ROOM = "civicmail.core.ledger"


@dataclass
class Told:
    """What others had been told when so many operations were done."""

    at: int
    positions: dict[str, int] = field(default_factory=dict)
    size: int = 0
    key: bytes = b""


def live(top: Path, disabled: Site | None) -> tuple[RecordingFiles, list[Told]]:
    """Mail comes, is integrated and published, the sequencer dies now and then."""
    disk = RecordingFiles(disabled)
    town = Town(top, disk)
    told = [Told(len(disk.ops), key=town.public)]
    for n in range(6):
        town.write(2)
        if n % 2:
            town.write(1, "0002")
        if n == 3:
            die(town, disk)
        with Sequencer(town.data, disk) as s:
            told.append(Told(len(disk.ops), positions(town.data), told[-1].size))
            s.integrate(town.now)
            town.now += 1000
            told.append(Told(len(disk.ops), positions(town.data), told[-1].size))
            if n % 3 == 2:
                signed = s.checkpoint(town.now)
                told.append(Told(len(disk.ops), positions(town.data), signed.size))
        if n == 4:
            die_publishing(town, disk)
            with Sequencer(town.data, disk) as s:
                signed = s.checkpoint(town.now)
                told.append(Told(len(disk.ops), positions(town.data), signed.size))
    return disk, told


def die(town: Town, disk: RecordingFiles) -> None:
    """The sequencer dies at the sync of entries.log: what it wrote is in the system's memory, and its successor finds it there."""
    s = Sequencer(town.data, disk)
    log = s._log._file
    assert log is not None
    with mock.patch.object(log, "sync", side_effect=OSError(5, "killed")), pytest.raises(LedgerEnded):
        s.integrate(town.now)
    s.close()


def die_publishing(town: Town, disk: RecordingFiles) -> None:
    """It dies when a checkpoint has its name and the folder is not synced: its successor finds it and tells it again."""
    sync = disk.sync_folder

    def killed(folder: Path) -> None:
        if folder.name == "checkpoints":
            raise OSError(5, "killed")
        sync(folder)

    with Sequencer(town.data, disk) as s, mock.patch.object(disk, "sync_folder", killed), pytest.raises(OSError, match="killed"):
        s.checkpoint(town.now)


def faults(top: Path, disk: RecordingFiles, told: list[Told], until: int, chance: random.Random) -> Iterator[str]:
    """What is wrong with the disk that a power cut before operation `until` leaves."""
    before = [t for t in told if t.at <= until] or [Told(0)]
    with tempfile.TemporaryDirectory() as made:
        data = Path(made)
        power_cut(disk.ops, until, top, data, chance)
        if not before[0].key:
            return
        if keys.private(data / "keys").public_key().public_bytes_raw() != before[0].key:
            yield "the key is another one"
        yield from (p.text for p in verify(data).problems)
        known = checkpoints.latest(data / "ledger")
        if (known.size if known else 0) < before[-1].size:
            yield "a checkpoint is lost"
        with Sequencer(data) as s:
            for name, number in before[-1].positions.items():
                if s.positions.get(name, 0) < number:
                    yield f"{name} was integrated up to {number}"
            s.integrate(2_000_000_000_000)
        yield from (p.text for p in verify(data).problems)


def red(top: Path, disk: RecordingFiles, told: list[Told], cuts: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    soon = [t.at for t in told]  # where a promise has just been made, it is most easily broken
    for until in [*soon, *chance.sample(range(len(disk.ops) + 1), cuts)]:
        try:
            found = list(faults(top, disk, told, until, chance))
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        if found:
            return [f"cut before operation {until}: {text}" for text in found]
    return []


def test_no_power_cut_takes_back_what_was_integrated_or_published(tmp_path: Path) -> None:
    disk, told = live(tmp_path, None)
    assert red(tmp_path, disk, told, 120, 1) == []


def test_every_sync_of_the_ledger_is_needed(tmp_path: Path) -> None:
    sites = [site for site in live(tmp_path / "all", None)[0].sites if site[0].startswith(ROOM)]
    assert len(sites) >= 7
    for n, site in enumerate(sites):
        top = tmp_path / str(n)
        disk, told = live(top, site)
        assert any(red(top, disk, told, 40, seed) for seed in range(8)), f"nothing depends on the sync in {site}"
