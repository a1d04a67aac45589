"""Small archives for tests: captures and events written as the pipeline writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from civicmail.city.guard.guard import owner_permit
from civicmail.city.guard.permits import Permit
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.disk import journal
from civicmail.core.disk.files import File, Files
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive import keyring
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.archive.seal import Report, Sealer
from civicmail.mail.archive.store import Store

NOW = 1_772_452_800_000  # 2026-03-02 12:00 UTC
MONTH = 31 * 86_400_000


def capture(
    body: bytes, *, received: int = NOW, class_: str = "mail", id_: bytes | None = None, sender: str = "a@x.example"
) -> Capture:
    return Capture(
        id=id_ or capture_id(received),
        received=received,
        sha256=hashlib.sha256(body).digest(),
        size=len(body),
        content_hash=hashlib.sha256(b"content" + body).digest(),
        source=Source("mx", "mx1"),
        envelope=Envelope(sender, (Recipient("b@city.example"),), received),
        dispositions=(Disposition(0, "deliver", ("r1",)),),
        class_=class_,
    )


def delivered(of: Capture, at: int = NOW + 5) -> Event:
    return Event(Type.DELIVERED, of.id, at, (0,), {"hop": "maildir", "reply": "kept"})


def entry(at: int = NOW) -> Event:
    return Event(Type.ENTRY, bytes(16), at, (), {"act": "search", "person": "p", "duty": "owner", "reason": "r"})


def writer(data: Path, file_size: int = 1 << 20) -> Writer:
    return Writer(data, lambda: NOW, UNSYNCED, file_size)


def spooled(w: Writer, c: Capture, body: bytes) -> None:
    """Write a capture by way of a spool file."""
    spool = w.spool(c.id)
    for start in range(0, len(body), 70_000):
        spool.write(body[start : start + 70_000])
    assert spool.finish() == c.sha256
    w.receipt(c, spool)


def fill(data: Path, bodies: list[bytes], *, file_size: int = 1 << 20, events: bool = True) -> list[Capture]:
    """A journal with these messages, one month after the other, each delivered; closed."""
    w = writer(data, file_size)
    made = []
    for n, body in enumerate(bodies):
        c = capture(body, received=NOW + n + n % 3 * MONTH)
        w.receipt(c, body)
        if events:
            w.event(delivered(c))
        w.flush()
        made.append(c)
    w.close()
    return made


def passed_all(data: Path) -> Mapping[str, int]:
    return dict.fromkeys(journal.names(data), 1 << 60)


class Unsynced(Files):
    """For tests that cut no power: syncs take most of their time."""

    def open(self, path: Path, *, create: bool = False) -> File:
        opened = super().open(path, create=create)
        file = UnsyncedFile(path, opened.fd)
        opened.fd = -1
        return file

    def sync_folder(self, path: Path) -> None:
        assert path.is_dir()


class UnsyncedFile(File):
    def sync(self) -> None:
        assert self.fd >= 0


UNSYNCED = Unsynced()


def seal(data: Path) -> Report:
    """Seal everything that is closed."""
    if not (data / "keys" / "master.key").exists():
        keyring.create(data, files=UNSYNCED)
    with Sealer(data, UNSYNCED) as sealer:
        return sealer.seal(lambda: passed_all(data), now=NOW, checkpoint="a signed note\n\n— by somebody\n")


def contents(data: Path) -> dict[str, tuple[bytes, bytes, list[bytes]]]:
    """Everything that can be read: id -> (head, body, event heads)."""
    store = Store(data)
    found = {}
    for place in store.captures():
        assert place.uuid not in found
        found[place.uuid] = (store.head(place), store.body(place), sorted(store.events(place.id)))
    assert store.count() == len(found)
    return found


def permit(data: Path) -> Permit:
    return owner_permit(data, "show", {}, reason="test", now=NOW, write=lambda facts: "0001:1")
