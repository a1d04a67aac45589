"""A data folder with journals and a ledger, small enough to break on purpose."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

from civicmail.core.disk import frames
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.journal import Journal, folder, log_files
from civicmail.core.disk.tail import Record, Tail
from civicmail.core.ledger import arrays, entries, keys, leaves
from civicmail.core.ledger.merkle import HASH
from civicmail.core.ledger.sequencer import Sequencer

NOON = 1_772_452_800_000
RECEIPT, CHECKPOINT = 1, 10


class Town:
    """write() makes durable receipts, integrate() brings them into the ledger."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self.data = data
        self.files = files
        self.now = NOON
        self.ledger = data / "ledger"
        self.public = keys.create(data / "keys", files)

    def write(self, count: int, journal: str = "0001", body: bytes = b"Subject: %d\r\n\r\nhello\r\n") -> None:
        place = folder(self.data) / journal
        for path in (folder(self.data), place, place / "spool"):
            self.files.make_folder(path)
        j = Journal.take_named(self.data, journal, files=self.files, file_size=1 << 16)
        for _ in range(count):
            text = body % (j.number + 1) if b"%d" in body else body
            digest = sha256(text).digest()
            id_ = uuid.UUID(int=(int(journal, 16) << 64) + j.number + 1).bytes
            j.append(RECEIPT, id_, lambda name, n, d=digest, i=id_, t=text: receipt(name, n, i, d, len(t)), text, sha256=digest)
        j.flush(self.now)
        j.close()

    def write_checkpoint(self, facts: dict[str, object], journal: str = "0002") -> None:
        """What the worker does with the facts that Sequencer.checkpoint returned."""
        place = folder(self.data) / journal
        self.files.make_folder(place / "spool")
        j = Journal.take_named(self.data, journal, files=self.files, file_size=1 << 16)
        j.append(CHECKPOINT, bytes(16), lambda name, n: checkpoint(name, n, self.now, facts))
        j.flush(self.now)
        j.close()

    def integrate(self, *, signed: bool = False) -> None:
        self.now += 1000
        with Sequencer(self.data, self.files) as s:
            s.integrate(self.now)
            if signed:
                s.checkpoint(self.now)

    def records(self) -> list[Record]:
        return Tail(self.data).poll(1 << 20)


def receipt(journal: str, number: int, id_: bytes, digest: bytes, size: int) -> bytes:
    plain = {"v": 1, "type": "receipt", "journal": journal, "number": number, "id": str(uuid.UUID(bytes=id_))}
    return canonical(plain | {"sha256": digest.hex(), "size": size, "envelope": {"from": "ana@city.example", "to": []}})


def checkpoint(journal: str, number: int, at: int, facts: dict[str, object]) -> bytes:
    plain = {"v": 1, "type": "checkpoint", "journal": journal, "number": number, "id": str(uuid.UUID(int=0))}
    return canonical(plain | {"at": at, "to": [], "facts": facts})


def canonical(plain: dict[str, object]) -> bytes:
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def flip(path: Path, at: int) -> None:
    """Turn every bit of one byte: never a no-op."""
    with path.open("r+b") as f:
        f.seek(at)
        byte = f.read(1)
        assert byte, f"{path} has no byte {at}"
        f.seek(at)
        f.write(bytes([byte[0] ^ 0xFF]))


@dataclass
class Stored:
    """A record of a journal file, to be changed by somebody who knows the format and mends the checksums."""

    type: int
    number: int
    durable: int
    id: bytes
    sha256: bytes
    head: bytes
    body: bytes


def without(data: Path, journal: str, *numbers: int) -> None:
    """Remove records from the first file of a journal: its numbers have holes."""
    _rewrite(data, lambda records: [record for record in records if record.number not in numbers], journal)


def tamper(town: Town, change: Callable[[list[Stored]], list[Stored] | None], journal: str = "0001") -> None:
    """Rewrite the first file of a journal with what change() made of its records."""
    _rewrite(town.data, change, journal)


def _rewrite(data: Path, change: Callable[[list[Stored]], list[Stored] | None], journal: str) -> None:
    _, path = log_files(folder(data) / journal)[0]
    content = path.read_bytes()
    found = [Stored(f.type, f.number, f.durable, f.id, f.sha256, bytes(f.head), bytes(f.body)) for f in frames.walk(content)]
    found = change(found) or found
    chunks, seed = [content[: frames.FILE_HEADER_SIZE]], frames.seed_of(content)
    for s in found:
        frame = frames.encode(s.type, 0, s.number, s.durable, id_=s.id, sha256=s.sha256, head=s.head, body=s.body, seed=seed)
        chunks += [bytes(c) for c in frame]
    assert b"".join(chunks) != content
    path.write_bytes(b"".join(chunks))


def rewrite_entry(town: Town, index: int, change: Callable[[bytes], bytes]) -> None:
    """Change an entry in place and mend its checksum."""
    path = entries.log_path(town.ledger)
    content = path.read_bytes()
    entry, offset, _ = list(entries.walk(path))[index]
    changed = change(entry)
    assert changed != entry and len(changed) == len(entry)
    frame = entries.encode_frame(index, changed)
    path.write_bytes(content[:offset] + frame + content[offset + len(frame) :])


def leaf_of(ledger: Path, journal: str, number: int) -> bytes:
    """The leaf of one record, as the file has it (docs/formats.md, "Ledger"); b"" when there is none."""
    return arrays.read(leaves.folder(ledger) / f"{journal}.bin", HASH, number - 1)
