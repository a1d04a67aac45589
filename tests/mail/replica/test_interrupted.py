"""Cut connections, torn frames, a full disk and restarts: what was answered for stays, the rest is sent again (P-15, P-23,
promise 1)."""

from __future__ import annotations

import contextlib
import errno
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.disk.files import File, Files
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.replica import epoch, messages, status
from civicmail.mail.replica.contents import Contents
from civicmail.mail.replica.copy_folder import Copy
from civicmail.mail.replica.errors import Diverged, Fenced, NotACopy, StandbyGone
from civicmail.mail.replica.links import FolderLink, Link, TlsLink, context_of
from civicmail.mail.replica.restore import restore
from civicmail.mail.replica.ship import Shipper
from civicmail.mail.replica.status import Status
from mail.archive.making import UNSYNCED, Unsynced, UnsyncedFile
from mail.replica.making import Town, bring, kept, ship, waiting
from mail.replica.places import Place
from mail.replica.test_ship import problems
from neighbours.scratch import installation


class Torn:
    """A link that is cut at the n-th message."""

    def __init__(self, link: Link, after: int) -> None:
        self._link = link
        self._left = after

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise StandbyGone("cut")

    def send(self, head: dict[str, Any], body: bytes = b"") -> None:
        self._step()
        self._link.send(head, body)

    def ask(self, head: dict[str, Any]) -> dict[str, Any]:
        self._step()
        return self._link.ask(head)

    def close(self) -> None:
        self._link.close()


STEPS: dict[str, Callable[[Town], object]] = {
    "mail": lambda town: town.receive(3, 900),
    "large": lambda town: town.receive(1, 2000, spooled=True),
    "evidence": lambda town: town.evidence(),
    "checkpoint": lambda town: town.evidence(checkpoint=True),
    "rest": lambda town: town.rest(),
    "seal": lambda town: town.seal(),
}
day = st.lists(st.tuples(st.lists(st.sampled_from(sorted(STEPS)), max_size=6), st.integers(0, 60)), min_size=1, max_size=5)


@settings(max_examples=15)
@given(day)
def test_wherever_connections_are_cut_nothing_that_was_told_is_missing(parts: list[tuple[list[str], int]]) -> None:
    with tempfile.TemporaryDirectory() as top:
        town, copy = Town(installation(Path(top) / "data")), Path(top) / "copy"
        told: set[bytes] = set()
        numbers: dict[int, bytes] = {}
        for steps, cut in parts:
            with contextlib.suppress(StandbyGone), contextlib.closing(Torn(FolderLink(copy, UNSYNCED), cut)) as link:
                shipper = Shipper(town.data, link, town.clock)
                for step in steps:
                    known = set(town.bodies)
                    STEPS[step](town)
                    for id_ in set(town.bodies) - known:
                        numbers[town.writer.journal.number] = id_
                    bring(shipper)
                    told |= {id_ for n, id_ in numbers.items() if n <= shipper.positions().get("0001", 0)}
        if told:
            new = Path(top) / "new"
            restored = restore(copy, new, now=town.clock(), fence=False, files=UNSYNCED)
            assert all("had been sealed before they were sent" in problem for problem in restored.problems)
            assert told <= set(kept(new))
            assert told <= waiting(new)
            assert restored.problems or problems(new) == []
        with contextlib.closing(FolderLink(copy, UNSYNCED)) as link:
            ship(town, link, turns=2)
        last = Path(top) / "last"
        assert restore(copy, last, now=town.clock(), fence=False, files=UNSYNCED).problems == []
        assert kept(last) == town.bodies
        assert problems(last) == []


def test_with_local_at_most_the_shown_lag_is_lost(data: Path, tmp_path: Path) -> None:
    town, copy = Town(data), tmp_path / "copy"
    with contextlib.closing(FolderLink(copy)) as link:
        town.receive(5)
        shipper = ship(town, link)
        burned_at = town.now + 20_000
        town.now += 12_000
        late = town.receive(2)
    said = Status(town.now, shipper.level_at, "", shipper.positions())
    lag = status.lag_ms(data, said, burned_at)
    assert lag is not None
    shutil.rmtree(data)
    restore(copy, tmp_path / "new", now=burned_at)
    lost = set(town.bodies) - set(kept(tmp_path / "new"))
    assert lost == set(late)
    assert all(int.from_bytes(id_[:6]) >= burned_at - lag for id_ in lost)


def test_the_database_of_people_begins_with_the_last_whole_one(data: Path, tmp_path: Path) -> None:
    town, copy, new = Town(data), tmp_path / "copy", tmp_path / "new"
    (data / "city.sqlite3").write_bytes(b"is being written")
    (data / "city.saved").write_bytes(b"whole")
    with contextlib.closing(FolderLink(copy)) as link:
        town.receive(1)
        ship(town, link, turns=2)
    restore(copy, new, now=town.clock())
    assert (new / "city.sqlite3").read_bytes() == b"whole" and not (new / "city.saved").exists()


class Full(Unsynced):
    """A disk without room for more than so many bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 1 << 60

    def open(self, path: Path, *, create: bool = False) -> File:
        opened = super().open(path, create=create)
        file = FullFile(path, opened.fd)
        file.disk = self
        opened.fd = -1
        return file


class FullFile(UnsyncedFile):
    disk: Full

    def write_at(self, offset: int, chunks: Any) -> int:
        self.disk.room -= sum(map(len, chunks))
        if self.disk.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write_at(offset, chunks)


def test_a_full_disk_there_is_a_second_place_that_is_gone_until_there_is_room(data: Path, tmp_path: Path) -> None:
    town, copy, disk = Town(data), tmp_path / "copy", Full()
    with contextlib.closing(FolderLink(copy, disk)) as link:
        town.receive(3)
        shipper = ship(town, link)
        before = shipper.positions()
        disk.room = 3000
        town.receive(40, 3000)
        with pytest.raises(StandbyGone, match="No space left"):
            shipper.round()
    assert before == {"0001": 3}
    disk.room = 1 << 60
    with contextlib.closing(FolderLink(copy, disk)) as link:
        assert ship(town, link).positions() == {"0001": 43}
    restore(copy, tmp_path / "new", now=town.clock())
    assert kept(tmp_path / "new") == town.bodies


@pytest.mark.parametrize("harm", ["half", "bit"])
def test_a_frame_that_is_not_whole_is_no_message(data: Path, place: Place, tmp_path: Path, harm: str) -> None:
    town = Town(data)
    town.receive(2)
    with contextlib.closing(TlsLink(place.where, context_of(place.settings), 10)) as link:
        ship(town, link)
    frame = bytearray(messages.encode({"do": "append", "path": "journal/0001/0000000000000001.log", "at": 0}, b"forged" * 9))
    frame[-1] ^= harm == "bit"
    context = context_of(place.settings)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", place.port)), server_hostname="127.0.0.1") as wire:
        wire.sendall(frame if harm == "bit" else frame[:-9])
    place.stop()
    place.start()
    town.receive(2)
    with contextlib.closing(TlsLink(place.where, context_of(place.settings), 10)) as link:
        assert ship(town, link).positions() == {"0001": 4}
    restore(place.folder, tmp_path / "new", now=town.clock())
    assert kept(tmp_path / "new") == town.bodies


def test_no_path_leads_out_of_the_copy(tmp_path: Path) -> None:
    with contextlib.closing(Copy(tmp_path / "copy")) as copy:
        for path in ("../evil", "/etc/x", "keys/../../evil", "standby/turn.json", "journal/0001/lock", "catalogue/x", "a\0", ""):
            with pytest.raises(NotACopy):
                copy.put({"path": path, "at": 0, "end": 1}, b"x")
            with pytest.raises(NotACopy):
                copy.append({"path": path, "at": 0}, b"x")
    assert not (tmp_path / "evil").exists()


@pytest.mark.rule("P-23, promise 1", "A copy that holds what this installation never had is not written over.")
def test_a_copy_that_has_what_we_never_had_is_not_written_over(data: Path, tmp_path: Path) -> None:
    town, copy = Town(data), tmp_path / "copy"
    town.receive(2)
    town.rest()
    older = shutil.copytree(data, tmp_path / "older")
    town.receive(2)
    with contextlib.closing(FolderLink(copy)) as link:
        ship(town, link)
    held = {p: p.read_bytes() for p in copy.rglob("*.log")}
    set_back = Town(older)
    with contextlib.closing(FolderLink(copy)) as link, pytest.raises(Diverged):
        ship(set_back, link)
    set_back.bodies = {bytes([n]): b"" for n in range(2)}  # so that what comes now is as long as what the copy has
    set_back.receive(2)
    with contextlib.closing(FolderLink(copy)) as link, pytest.raises(Diverged):
        ship(set_back, link)
    assert {p: p.read_bytes() for p in copy.rglob("*.log")} == held


def test_a_copy_belongs_to_one_installation(data: Path, tmp_path: Path) -> None:
    town, other = Town(data), Town(installation(tmp_path / "other"))
    with contextlib.closing(FolderLink(tmp_path / "copy")) as link:
        ship(town, link)
    with contextlib.closing(FolderLink(tmp_path / "copy")) as link, pytest.raises(NotACopy, match="another installation"):
        ship(other, link)


@pytest.mark.rule(
    "P-23, promise 1",
    "An installation from whose copy another one was made is fenced, so there are never two primaries.",
)
def test_two_primaries_cannot_be_whichever_asks_first(data: Path, tmp_path: Path) -> None:
    town, copy, new = Town(data), tmp_path / "copy", tmp_path / "new"
    with contextlib.closing(FolderLink(copy)) as link:
        town.receive(1)
        shipper = ship(town, link)
        restoring = threading.Thread(target=restore, args=(copy, new), kwargs={"now": town.clock()})
        restoring.start()
        with pytest.raises(Fenced):  # on the connection that was open all the time
            while town.receive(1):
                shipper.round()
    restoring.join()
    assert epoch.read(new).number == 2
    with contextlib.closing(FolderLink(copy)) as link, pytest.raises(Fenced):  # and on a new one
        ship(town, link)
    with contextlib.closing(FolderLink(copy)) as link:
        ship(Town(new), link)
    assert restore(copy, tmp_path / "newer", now=town.clock()).epoch == 3


def test_what_a_seal_has_made_and_not_committed_is_not_in_a_copy(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(data)
    town.receive(30, 900)
    town.rest()
    town.evidence()
    seen: list[set[str]] = []

    def look(self: Sealer, *arguments: Any) -> None:
        raise OSError("here")

    monkeypatch.setattr("civicmail.mail.archive.seal_batch.BatchWriter._read_back", look)
    monkeypatch.setattr(Sealer, "finish", lambda self: None)
    with contextlib.suppress(OSError):
        town.seal()
    moment = Contents(data).moment()
    assert moment is not None
    seen.append({p for p in moment.whole if p.startswith(("segments/", "keys/segments/"))})
    assert list((data / "segments").glob("*/*/*.seg"))
    assert seen == [set()]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(NotACopy, match="not empty"):
        Copy(tmp_path, Files())
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.rule("P-15", "A fence is believed only under the signature of the ledger's key.")
def test_a_fence_that_our_key_did_not_sign_is_not_believed(data: Path, tmp_path: Path) -> None:
    other = installation(tmp_path / "other")
    forged = epoch.begin(other, 1).signed
    with pytest.raises(NotACopy, match="not believed"):
        epoch.fence(data, forged)
    with pytest.raises(NotACopy, match="not believed"):  # nor an old one of our own
        epoch.fence(data, epoch.begin(data, 1).signed)
    assert not epoch.is_fenced(data)


def test_a_copy_whose_making_was_cut_short_is_begun_again(town: Town, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy", tmp_path / "other"
    (copy / "standby").mkdir(parents=True)
    (copy / "standby" / "lock").touch()
    town.receive(2)
    with contextlib.closing(FolderLink(copy)) as link:
        assert ship(town, link, turns=2).complete
    (other / "standby").mkdir(parents=True)
    (other / "standby" / "something").touch()
    with pytest.raises(NotACopy):
        FolderLink(other)
