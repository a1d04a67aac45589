"""Compare a live mailbox with the archive: count, archive what is missing, delete the copy (P-08, P-15). Blocks.

A message counts as archived when the record of its delivery has the SHA-256 of these very bytes and the archive can read its
copy,
or when it was imported from here.
Anything else, such as a message that a mail program stored, is imported first.
Only messages that were verified as archived are deleted.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.message import header_scan
from civicmail.core.message.model import Envelope
from civicmail.mail.archive import holds
from civicmail.mail.archive.commit import SHORT_FILE, SPOOL_ABOVE, Writer
from civicmail.mail.archive.errors import NotInArchive
from civicmail.mail.archive.identity import capture_id, occurrence_bits
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Occurrence, Source, Type
from civicmail.mail.archive.store import Store
from civicmail.mail.courier.maildir import mailbox
from civicmail.mail.importers.occurrence import Ordinals
from civicmail.mail.importers.parse_requests import CLASS
from civicmail.mail.importers.received_time import received
from civicmail.mail.pipeline.accept import scan

SOURCE = "live mailbox"


@dataclass(frozen=True, slots=True)
class LiveCount:
    """live: messages that lie there; size: their bytes; missing: those that the archive lacks; listed: SHA-256 of the sorted
    SHA-256s of all, in hexadecimal, a line each; holds: how many are in force in the archive."""

    live: int
    size: int
    missing: int
    listed: str
    holds: int


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One message in the mailbox. folder: as its occurrence names it; key: identifies it for removal; at: ms, the mailbox's own
    time; candidates: ids of captures, each with the SHA-256 of the bytes that would have been delivered."""

    folder: str
    key: str
    content: bytes
    at: int
    candidates: tuple[tuple[bytes, bytes], ...]


class Place(Protocol):
    """The place of a mailbox. Raises OSError."""

    def walk(self) -> Iterator[LiveMessage]:
        """Yield every message, in the same order as long as nothing changes."""

    def remove(self, keys: Sequence[tuple[str, str]]) -> None:
        """Messages, as (folder, key). Durable on return."""

    def clear(self) -> None:
        """The folders, of which none has a message."""


@dataclass(frozen=True, slots=True)
class _Checked:
    message: LiveMessage
    sha256: bytes
    occurrence: Occurrence
    is_kept: bool


class LiveMailbox:
    """The mailbox of this owner (their main address)."""

    def __init__(self, data: Path, owner: str, place: Place, files: Files = OS_FILES) -> None:
        self._data = data
        self._files = files
        self._owner = owner
        self._place = place

    def count(self) -> LiveCount:
        """Compare every message. Raises OSError, DamagedFile."""
        sizes, shas, missing = 0, list[str](), 0
        for letter in self._letters():
            sizes += len(letter.message.content)
            shas.append(letter.sha256.hex())
            missing += not letter.is_kept
        lines = "".join(f"{sha256}\n" for sha256 in sorted(shas))
        listed = hashlib.sha256(lines.encode()).hexdigest()
        return LiveCount(len(shas), sizes, missing, listed, len(holds.in_force(Store(self._data))))

    def bring_in(self, clock: Callable[[], int]) -> int:
        """Keep what the archive lacks, as mail of this mailbox; how many. Durable on return. Raises OSError, LaterError."""
        brought, writer = 0, None
        try:
            for letter in self._letters():
                if not letter.is_kept:
                    writer = writer or Writer(self._data, clock, self._files, SHORT_FILE)
                    _keep(writer, letter, self._owner, clock())
                    brought += 1
            if writer is not None:
                writer.flush()
        finally:
            if writer is not None:
                writer.close()
        return brought

    def delete(self) -> int:
        """Remove archived messages, and folders that are then empty; return the number of messages left, which the archive lacks.
        Durable on return. Raises OSError, DamagedFile."""
        left, kept = 0, list[tuple[str, str]]()
        for letter in self._letters():
            if letter.is_kept:
                kept.append((letter.message.folder, letter.message.key))
            else:
                left += 1
        self._place.remove(kept)
        if not left:
            self._place.clear()
        return left

    def _letters(self) -> Iterator[_Checked]:
        machine, ordinals = Machine(self._data), Ordinals(self._owner)
        for message in self._place.walk():
            sha256 = hashlib.sha256(message.content).digest()
            occurrence = ordinals.next(message.folder, sha256)
            kept = machine.known(occurrence_bits(occurrence, sha256), sha256) or _was_delivered(machine, message)
            yield _Checked(message, sha256, occurrence, kept)


class Folders:
    """The Maildir folders of one mailbox. addresses: all that it has or had."""

    def __init__(self, data: Path, addresses: Collection[str], files: Files = OS_FILES) -> None:
        split = (address.rpartition("@") for address in addresses)
        self._folders = list(dict.fromkeys(mailbox(data, domain, local) for local, _, domain in split))
        self._files = files

    def walk(self) -> Iterator[LiveMessage]:
        for folder, path in self._paths():
            content = path.read_bytes()
            yield LiveMessage(folder, str(path), content, int(path.stat().st_mtime * 1000), _named(path.name, content))

    def remove(self, keys: Sequence[tuple[str, str]]) -> None:
        paths = [Path(key) for _, key in keys]
        for path in paths:
            self._files.unlink(path)
        for folder in sorted({path.parent for path in paths}):
            self._files.sync_folder(folder)

    def clear(self) -> None:
        for top in self._folders:
            _remove(top)

    def _paths(self) -> Iterator[tuple[str, Path]]:
        """(folder as the occurrence names it, file), in order. A link is no file of this mailbox: OSError."""
        for number, top in enumerate(self._folders):
            for at, folders, names in os.walk(top):
                folders.sort()
                place = Path(at)
                if place.name not in ("new", "cur"):
                    continue
                inner = place.parent.relative_to(top).as_posix()
                for name in sorted(names, key=lambda n: n.partition(":")[0]):
                    if (place / name).is_symlink():
                        raise OSError(f"{place / name} is a link; look at it first.")
                    yield f"{number}/{inner}", place / name


def _named(name: str, content: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The courier names a file by the id of its capture."""
    try:
        return ((uuid.UUID(name.partition(":")[0]).bytes, hashlib.sha256(content).digest()),)
    except ValueError:
        return ()


def _was_delivered(machine: Machine, message: LiveMessage) -> bool:
    """Whether the archive recorded the delivery of these bytes and can read its copy."""
    for id_, sha256 in message.candidates:
        try:
            delivered = (event.facts.get("sha256") for event in machine.events(id_) if event.type == Type.DELIVERED)
            if sha256.hex() not in delivered:
                continue
            machine.body(id_)
        except (NotInArchive, DamagedFile):
            continue
        return True
    return False


def _keep(writer: Writer, letter: _Checked, owner: str, now: int) -> None:
    content = letter.message.content
    scanned = scan(content, letter.sha256)
    hop = header_scan.topmost_received_date(content) or header_scan.date(content)
    at, basis = received(hop, letter.message.at, "mailbox", now)
    capture = Capture(
        id=capture_id(at, occurrence_bits(letter.occurrence, letter.sha256)),
        received=at,
        sha256=letter.sha256,
        size=len(content),
        content_hash=scanned.content_hash,
        source=Source("import", SOURCE, "exact"),
        envelope=Envelope("", (), at, protocol="import"),
        basis=basis,
        class_=CLASS,
        custodian=owner,
        occurrence=letter.occurrence,
        message_id=scanned.message_id,
    )
    if len(content) <= SPOOL_ABOVE:
        writer.receipt(capture, content)
        return
    spool = writer.spool(capture.id)
    spool.write(content)
    spool.finish()
    writer.receipt(capture, spool)


def _remove(top: Path) -> None:
    """Delete the folders of an empty mailbox, with the files that mail programs keep there."""
    for at, folders, names in os.walk(top, topdown=False):
        place = Path(at)
        if place.name in ("new", "cur") and names:
            raise OSError(f"{place} is not empty.")
        for name in names:
            (place / name).unlink()
        for name in folders:
            if (place / name).is_symlink():
                (place / name).unlink()
        place.rmdir()
