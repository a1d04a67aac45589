"""Promise 1 in the second place: what it answered for is in an installation that is made from it after any power cut, and each of
its syncs is needed (P-23)."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from civicmail.core.config.load import FILE
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.ledger.verify import verify
from civicmail.mail.archive.verify import Check
from civicmail.mail.replica.copy_folder import is_complete
from civicmail.mail.replica.links import FolderLink
from civicmail.mail.replica.restore import restore
from civicmail.mail.replica.ship import Shipper
from faults.recording import Op, RecordingFiles, SyncSite, power_cut
from mail.archive.making import UNSYNCED
from mail.replica.making import Town, bring, kept, waiting


@dataclass
class Played:
    """told: (operation, capture id) of each message that somebody was told is in both places. versions: of the settings.

    missed: operations at which the sync that does nothing was asked for.
    """

    top: Path
    town: Town
    ops: list[Op]
    told: list[tuple[int, bytes]]
    sites: dict[SyncSite, int]
    versions: list[bytes]
    missed: list[int]


class Watching(RecordingFiles):
    """Knows when the sync that is turned into nothing was asked for: a power cut soon after it is the one that hurts."""

    def __init__(self, disabled: SyncSite | None = None) -> None:
        super().__init__(disabled)
        self.missed: list[int] = []

    def wants(self, site: SyncSite) -> bool:
        wanted = super().wants(site)
        if not wanted:
            self.missed.append(len(self.ops))
        return wanted


class Morning:
    """Some hours of an installation with a second place: mail, evidence, seals, two connections."""

    def __init__(self, base: Path, top: Path, seed: int, disabled: SyncSite | None) -> None:
        for old in (top, top.with_name("town")):
            shutil.rmtree(old, ignore_errors=True)
        self.chance = random.Random(seed)
        self.top = top
        self.files = Watching(disabled)
        self.town = Town(shutil.copytree(base, top.with_name("town")))
        self.told: list[tuple[int, bytes]] = []
        self.versions: list[bytes] = []
        self._open: dict[int, bytes] = {}

    def play(self) -> Played:
        self.top.mkdir()
        for part in range(3):
            with closing(FolderLink(self.top, self.files)) as link:
                shipper = Shipper(self.town.data, link, self.town.clock)
                self._mail(shipper, part)
                self.town.evidence(checkpoint=True)
                self._bring(shipper)
                self._mail(shipper, part)
                self.town.rest()
                self.town.seal()
                self._mail(shipper, part)
                self._bring(shipper)
            self._mail(None, part)  # while nobody sends
            self.town.rest()
        return Played(self.top, self.town, self.files.ops, self.told, self.files.sites, self.versions, self.files.missed)

    def _mail(self, shipper: Shipper | None, part: int) -> None:
        for n in range(2):
            spooled = n == 1 and self.chance.random() < 0.6
            for id_ in self.town.receive(1, 600 * (part + 1), spooled=spooled):
                self._open[self.town.writer.journal.number] = id_
            if shipper is not None:
                shipper.round()
                self._tell(shipper)

    def _bring(self, shipper: Shipper) -> None:
        """Turns, each with new settings, so that a file is often on its way when the power goes."""
        for _ in range(3):
            self.versions.append(f"# {len(self.versions)}\n{self.chance.getrandbits(256):x}\n".encode())
            OS_FILES.replace(self.town.data / FILE, self.versions[-1])
            bring(shipper)
            self._tell(shipper)

    def _tell(self, shipper: Shipper) -> None:
        last = shipper.positions().get("0001", 0)
        for number in [n for n in self._open if n <= last]:
            self.told.append((len(self.files.ops), self._open.pop(number)))


def play(base: Path, seed: int, disabled: SyncSite | None = None) -> Played:
    return Morning(base, base.with_name("copy"), seed, disabled).play()


def after_cut(played: Played, until: int, chance: random.Random) -> list[str]:
    """What is not as it was promised when the second place loses its power, and then the first machine burns or goes on."""
    disk, new = played.top.with_name("disk"), played.top.with_name("new")
    for old in (disk, new):
        shutil.rmtree(old, ignore_errors=True)
    disk.mkdir()
    power_cut(played.ops, until, played.top, disk, chance)
    told = {id_ for at, id_ in played.told if at <= until}
    try:
        found = faults(disk, new, played, told, UNSYNCED)
        shutil.rmtree(new, ignore_errors=True)
        with closing(FolderLink(disk, UNSYNCED)) as link:  # it comes back, and the first machine is still there
            bring(shipper := Shipper(played.town.data, link, played.town.clock))
            bring(shipper)
        return found or faults(disk, new, played, set(played.town.bodies), UNSYNCED)
    except Exception as error:
        return [f"{error!r}"]


def faults(copy: Path, new: Path, played: Played, told: set[bytes], files: Files) -> list[str]:
    if not told and not is_complete(copy):
        return []
    restored = restore(copy, new, now=played.town.now, fence=False, files=files)
    bodies, waits = kept(new), waiting(new)
    found = list(restored.problems)
    found += [f"lost: {id_.hex()}" for id_ in told if bodies.get(id_) != played.town.bodies[id_]]
    found += [f"forgotten: {id_.hex()}" for id_ in told if id_ not in waits]
    if (new / FILE).read_bytes() not in played.versions:
        found.append("half a file was taken for a whole one")
    check = Check(new, deep=True)
    found += [p.text for p in verify(new, check.heads()).problems]
    return found + [p.sentence for p in check.problems]


@pytest.mark.rule("P-06, promise 1", "The second place answers only for what it has synced.")
@pytest.mark.timeout(600)
def test_no_power_cut_of_the_second_place_takes_back_what_it_answered_for(base: Path, cases: int) -> None:
    chance = random.Random(12)
    for seed in range(max(1, cases // 20)):
        played = play(base, seed)
        assert len(played.told) > 10
        for _ in range(20):
            until = chance.randint(0, len(played.ops))
            found = after_cut(played, until, chance)
            assert not found, f"morning {seed}, cut before {until} of {len(played.ops)}: {found[:3]}"


@pytest.mark.timeout(900)
def test_each_sync_of_the_second_place_is_needed(base: Path) -> None:
    sites = [site for site in play(base, 0).sites if site[0].startswith("civicmail.mail.replica.")]
    unnoticed = [site for site in sites if not _is_noticed(base, site)]
    assert len(sites) > 8
    assert not unnoticed


def _is_noticed(base: Path, site: SyncSite) -> bool:
    chance = random.Random(str(site))
    for seed in range(40):  # most are noticed in the first morning
        played = play(base, seed, site)
        for _ in range(20):
            until = min(len(played.ops), chance.choice(played.missed or [0]) + chance.randint(0, 14))
            if after_cut(played, until, chance):
                return True
    return False
