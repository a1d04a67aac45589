"""The folder of a copy: received data is synced, and the copy moves from one consistent state to the next.

    standby/lock        held by the receiver
    standby/reading     held while an installation is made from the copy; no turn is taken meanwhile
    standby/stage/      whole files that have arrived and do not count yet
    standby/turn.json   a turn that is being taken: it happens wholly, also after a crash
    standby/taken.json  the last turn that was taken, and the state that the installation reported then
    standby/entries     how many bytes of the ledger's entries are durable

Logs grow in place. Whole files are staged; a turn renames all of them into place and removes deleted ones. Between two turns a copy
is an earlier state of the installation with newer journals.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from civicmail.core.disk import journal
from civicmail.core.disk.errors import DamagedFile, LeaseHeld
from civicmail.core.disk.files import OS_FILES, File, Files, mapped
from civicmail.core.disk.lease import Lease
from civicmail.core.ledger import entries, keys
from civicmail.mail.replica import contents, epoch
from civicmail.mail.replica.errors import Diverged, Fenced, NotACopy

END_BYTES = 4096
"""The last bytes of a log by which the two places see that they hold the same."""

ENTRIES = "ledger/entries.log"
_NUMBER = struct.Struct("<Q")
_PLACE = struct.Struct("<QI")  # a number of bytes, and its CRC-32: a torn one is none
Answer = dict[str, Any]


def is_copy(folder: Path) -> bool:
    return (folder / "standby" / "stage").is_dir()


def _is_empty(folder: Path) -> bool:
    """Whether a folder contains nothing but the beginning of a copy, as after a power cut at that moment."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.name != "lost+found"}
    return names <= {"standby", "standby/lock"}


def is_complete(folder: Path) -> bool:
    """Whether a turn was ever taken; before that no installation can be made from the copy."""
    return (folder / "standby" / "taken.json").exists()


def reported_state(folder: Path) -> Answer:
    """The state that the installation reported at the last turn. Raises NotACopy if it cannot be read."""
    try:
        answer: Answer = orjson.loads((folder / "standby" / "taken.json").read_bytes())["said"]
        if {"entries", "records", "segments"} <= answer.keys():
            return answer
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise NotACopy(f"{folder}/standby/taken.json cannot be read, so the content of the copy is unknown. Nothing was restored.")


class Copy:
    """The receiving end. Holds the lock from its making until close(); raises LeaseHeld. Not safe for two threads at once."""

    def __init__(self, folder: Path, files: Files = OS_FILES) -> None:
        self.folder = folder
        self._files = files
        self._logs: dict[str, tuple[File, int]] = {}  # open logs and their lengths
        self._unsynced: set[str] = set()
        self._stages: dict[str, File] = {}  # whole files on their way
        self._renew: set[Path] = set()  # folders with new entries that are not synced yet
        self._epoch = epoch.Epoch()
        if folder.exists() and not is_copy(folder) and not _is_empty(folder):
            raise NotACopy(f"{folder} is not empty and no copy; nothing was changed. Name a new or an empty folder.")
        files.make_folder(folder / "standby" / "stage", levels=2)
        self._lock = Lease.take(folder / "standby" / "lock")
        try:
            finish_turn(folder, files)
            self._clear_stage()
        except BaseException:
            self._lock.close()
            raise

    def close(self) -> None:
        """Release the lock. What was not synced is sent again by the next connection."""
        for file in [*self._stages.values(), *(file for file, _ in self._logs.values())]:
            file.close()
        self._stages.clear()
        self._logs.clear()
        self._lock.close()

    # -- queries

    def hello(self, head: Answer) -> Answer:
        """The two places meet. Raises NotACopy, Fenced; answers with everything that the copy holds."""
        public = bytes.fromhex(head["key"])
        if (self.folder / "keys" / "ledger.pub").exists():
            if keys.public(self.folder / "keys") != public:
                raise NotACopy(f"{self.folder} is the copy of another installation.")
            self._epoch = epoch.read(self.folder)
        if int(head["epoch"]) < self._epoch.number:
            raise Fenced(self._epoch.signed.decode())
        self._cut_torn()
        held = list(held_files(self.folder))
        for path, *_ in held:
            self._sync_left_over(path)
        return {"held": held, "complete": is_complete(self.folder)}

    def cut(self, head: Answer) -> None:
        """Leaves behind the last entry that the copy has are sent again."""
        path = self._checked(head["path"], log=True)
        if not path.startswith("ledger/leaves/"):
            raise Diverged(f"{path} cannot be cut: what is in it was promised.")
        if path not in self._logs:
            self._open_log(path)
        file, length = self._logs[path]
        file.truncate(min(length, int(head["at"])))
        self._logs[path] = (file, min(length, int(head["at"])))
        self._unsynced.add(path)

    def append(self, head: Answer, body: bytes) -> None:
        """Append to a log. Raises Diverged if the bytes do not follow those of the copy."""
        path, offset = self._checked(head["path"], log=True), int(head["at"])
        if path not in self._logs:
            self._open_log(path)
        file, length = self._logs[path]
        if offset != length:
            raise Diverged(f"{path} has {length} bytes in the copy; what came begins at {offset}.")
        self._logs[path] = (file, file.write_at(offset, [body]))
        self._unsynced.add(path)

    def put(self, head: Answer, body: bytes) -> None:
        """More of a whole file; with `end` it is complete and synced. It does not count before place() or turn()."""
        path, offset = self._checked(head["path"], log=False), int(head["at"])
        if offset == 0:
            self._start_stage(path)
        if path not in self._stages:
            raise Diverged(f"{path} came without its beginning.")
        self._stages[path].write_at(offset, [body])
        if head.get("end"):
            file = self._stages.pop(path)
            file.sync()
            file.close()

    def place(self, head: Answer) -> None:
        """Put a whole received file in place, durable on return: a spool file, before the record that names it."""
        path = self._checked(head["path"], log=False)
        self._make_folder(path)
        self._files.rename(self._stage_path(path), self.folder / path)
        self._files.sync_folder((self.folder / path).parent)

    def sync(self, head: Answer) -> Answer:
        """Sync everything received so far. Raises Fenced when another installation was made from the copy."""
        for folder in sorted(self._renew):
            self._files.sync_folder(folder)
        self._renew.clear()
        self._sync_logs()
        self.require_unfenced()
        for name, number in head.get("durable", {}).items():
            self._say_durable(str(name), int(number))
        return {}

    def turn(self, head: Answer) -> Answer:
        """Put all received files in place and remove deleted ones. {"busy": 1} while the copy is being read."""
        try:
            reading = Lease.take(self.folder / "standby" / "reading")
        except LeaseHeld:
            return {"busy": 1}
        with reading:
            self.require_unfenced()
            self._sync_logs()  # what counts from now on may be about records that have just come
            puts = [self._checked(p, log=False) for p in head["put"]]
            gone = [p for p in head["gone"] if contents.belongs(p)]
            self._files.sync_folder(self.folder / "standby" / "stage")
            plain = {"v": 1, "put": puts, "gone": gone, "said": head["said"]}
            self._files.replace(self.folder / "standby" / "turn.json", orjson.dumps(plain))
            for path in gone:
                if path in self._logs:
                    self._logs.pop(path)[0].close()
            finish_turn(self.folder, self._files)
        self._epoch = epoch.read(self.folder)
        return {}

    # -- parts

    def _cut_torn(self) -> None:
        """Cut the torn tails of logs that a power cut left; they were never confirmed. Raises DamagedFile."""
        for name in journal.names(self.folder):
            journal.Journal.take_named(self.folder, name, files=self._files).close()
        path = self.folder / ENTRIES
        if path.exists():
            end = entries_end(path, _read_place(self.folder / "standby" / "entries"))
            if path.stat().st_size > end:
                file = self._files.open(path)
                file.truncate(end)
                file.close()

    def _sync_logs(self) -> None:
        """Leaves are synced before the entries that name them, as where they come from."""
        for path in sorted(self._unsynced, key=lambda p: (p == ENTRIES, p)):
            self._logs[path][0].sync()
            if path == ENTRIES:
                end = self._logs[path][1]
                self._say(self.folder / "standby" / "entries", _PLACE.pack(end, zlib.crc32(_NUMBER.pack(end))))
        self._unsynced.clear()

    def _say(self, path: Path, content: bytes) -> None:
        """Write how much of the log is durable: after its sync, and never synced itself, so it is behind or right."""
        file = self._files.open(path, create=not path.exists())
        try:
            file.write_at(0, [content])
        finally:
            file.close()

    def require_unfenced(self) -> None:
        """Raise Fenced when another installation was made from this copy since the two places met."""
        if not (self.folder / "keys" / "ledger.pub").exists():
            return  # the first turn brings it
        now = epoch.read(self.folder)
        if now.number > self._epoch.number:
            raise Fenced(now.signed.decode())

    def _checked(self, path: str, *, log: bool) -> str:
        if not contents.belongs(path) or contents.is_log(path) != log:
            raise NotACopy(f"{path[:200]!r} is no {'log' if log else 'file'} of an installation.")
        return path

    def _open_log(self, path: str) -> None:
        place = self.folder / path
        self._make_folder(path)
        new = not place.exists()
        if new and path.startswith("journal/"):  # a torn file may only ever be the last one of its journal
            self._sync_logs()
            for opened in [p for p in self._logs if Path(p).parent == Path(path).parent]:
                self._logs.pop(opened)[0].close()
        self._logs[path] = (self._files.open(place, create=new), 0 if new else place.stat().st_size)
        if new:
            self._renew.add(place.parent)

    def _sync_left_over(self, path: str) -> None:
        """Sync what an earlier receiver wrote without a sync: it can be read but may not be durable."""
        if contents.is_log(path):
            if path not in self._logs:
                self._open_log(path)
            self._unsynced.add(path)
        if contents.is_log(path) or contents.is_spool(path):
            self._make_folder(path)
            self._renew.add((self.folder / path).parent)

    def _make_folder(self, path: str) -> None:
        self._files.make_folder((self.folder / path).parent, levels=path.count("/"))

    def _say_durable(self, journal: str, number: int) -> None:
        path = self.folder / "journal" / journal / "durable"
        if contents.belongs(f"journal/{journal}") and path.parent.is_dir():
            self._say(path, _NUMBER.pack(number))

    def _start_stage(self, path: str) -> None:
        if path in self._stages:
            self._stages.pop(path).close()
        place = self._stage_path(path)
        self._files.unlink(place)
        self._stages[path] = self._files.open(place, create=True)

    def _stage_path(self, path: str) -> Path:
        return staged(self.folder, path)

    def _clear_stage(self) -> None:
        for path in (self.folder / "standby" / "stage").iterdir():
            self._files.unlink(path)


def staged(folder: Path, path: str) -> Path:
    """The path where a whole file waits for its turn."""
    return folder / "standby" / "stage" / hashlib.sha256(path.encode()).hexdigest()[:32]


def finish_turn(folder: Path, files: Files = OS_FILES) -> None:
    """Complete a turn that was written down; it may have been started any number of times."""
    path = folder / "standby" / "turn.json"
    try:
        plain = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return
    touched: set[Path] = set()
    for name in plain["put"]:
        place = folder / name
        if staged(folder, name).exists():
            files.make_folder(place.parent, levels=name.count("/"))
            files.rename(staged(folder, name), place)
        touched.add(place.parent)
    for name in plain["gone"]:
        files.unlink(folder / name)
        touched.add((folder / name).parent)
    _sync_all(touched, files)
    files.rename(path, folder / "standby" / "taken.json")
    files.sync_folder(path.parent)


def entries_end(path: Path, known: int) -> int:
    """The end of the last whole entry, searched behind `known` durable bytes; 0 if not even the head is whole."""
    end = max(known, len(entries.FILE_MAGIC))
    with mapped(path) as m:
        if not known and m[: len(entries.FILE_MAGIC)] != entries.FILE_MAGIC:
            return 0
        if len(m) < end:
            raise DamagedFile(f"{path} is shorter than what was synced.")
        while (frame := entries.decode_frame(m, end)) is not None and frame[2] <= len(m):
            end = frame[2]
    return end


def _read_place(path: Path) -> int:
    try:
        end, crc = _PLACE.unpack(path.read_bytes()[: _PLACE.size])
    except (OSError, struct.error):
        return 0
    return int(end) if crc == zlib.crc32(_NUMBER.pack(end)) else 0


def _sync_all(folders: Iterable[Path], files: Files) -> None:
    for folder in sorted(folders):
        if folder.is_dir():
            files.sync_folder(folder)


def listed(folder: Path) -> Iterator[str]:
    """The path of everything in a folder that belongs to a copy."""
    for top, folders, names in os.walk(folder):
        above = Path(top).relative_to(folder).as_posix()
        prefix = "" if above == "." else f"{above}/"
        folders[:] = sorted(name for name in folders if contents.belongs(f"{prefix}{name}"))
        yield from (f"{prefix}{name}" for name in sorted(names) if contents.belongs(f"{prefix}{name}"))


def held_files(folder: Path) -> Iterator[tuple[str, int, str]]:
    """(path, size, mark) of everything in a copy."""
    for path in listed(folder):
        size = (folder / path).stat().st_size
        yield path, size, mark(folder / path, size, log=contents.is_log(path))


def mark(path: Path, size: int, *, log: bool) -> str:
    """A mark that distinguishes two files of the same length: for logs the checksum of their end, for small files their SHA-256."""
    if log:
        with path.open("rb") as h:
            return end_mark(h.fileno(), size)
    return hashlib.sha256(path.read_bytes()).hexdigest() if size <= contents.SMALL else ""


def end_mark(fd: int, size: int) -> str:
    """The checksum of the last bytes of the first `size`."""
    return str(zlib.crc32(os.pread(fd, min(size, END_BYTES), max(0, size - END_BYTES))))
