"""What a test of keeping and giving up needs: schedules, a view without the room above, and all bytes that a folder still has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from civicmail.city.guard.four_eyes import Facts
from civicmail.core.disk.files import Files
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.query.tree import View
from civicmail.mail.archive import classes, dispose, manifests, outstanding_file, segments
from civicmail.mail.archive.dispose import PORTION, Examination, Outcome
from civicmail.mail.archive.holds import Viewer
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.manifests import Manifest
from civicmail.mail.archive.records import Capture
from civicmail.mail.archive.segments import Segment
from civicmail.mail.archive.store import Store
from mail.archive import making
from mail.archive.making import NOW, UNSYNCED

YEAR = 366 * 86_400_000
LATER = NOW + 8 * YEAR  # "mail" is due then, "hr" is not
SCHEDULES = """
[[schedule]]
class = "mail"
id = "S-1"
title = "Correspondence"
years = 7
approval = "council 1"
approved = 2026-01-01
expires = 2035-12-31
historical = "waived"

[[schedule]]
class = "hr"
id = "S-2"
title = "Personnel"
years = 30
approval = "council 2"
approved = 2026-01-01
expires = 2035-12-31
historical = "waived"
addresses = ["chief@city.example"]
"""


def see(capture: Capture, body: bytes) -> View:
    """The words of a body are its text; a body with "cannot read" in it has a part that nobody can."""
    view: dict[str, str | int] = dict.fromkeys(View.__annotations__, "")
    view |= {"body": body.decode("latin-1").lower(), "id": capture.id.hex(), "sha256": capture.sha256.hex()}
    view |= {"received": capture.received, "date": capture.received, "size": capture.size, "attachments": 0}
    return cast(View, view | {"unreadable": int(b"cannot read" in body)})


def adopt(data: Path, text: str = SCHEDULES, at: int = NOW) -> None:
    classes.adopt(data, text, actor="clerk", reason="council decided", now=at, files=UNSYNCED)


def claim(data: Path) -> None:
    (data / "claimed").touch()


def integrate(data: Path, *, signed: bool = False) -> None:
    with Sequencer(data, UNSYNCED) as ledger:
        ledger.integrate(NOW)
        if signed:
            ledger.checkpoint(NOW)


def seal(data: Path) -> None:
    """What the seal job does: nothing is removed before the snapshot of those who wait has passed it."""
    outstanding_file.advance(data, NOW, UNSYNCED)
    making.seal(data)


def listed(data: Path, now: int, view: Viewer = see, files: Files = UNSYNCED) -> Manifest:
    """The manifest of everything that is due, without the limits of a proposal."""
    examination, counted = Examination(Store(data), view, now), Outcome()
    key = manifests.key_of(data, files)
    blank = Manifest(now, manifests.text_digest(examination.text), manifests.series_of(examination.schedules))

    def finish(made: Manifest) -> None:
        made.pieces = [piece.plain for piece in examination.debris(counted)]
        made.kept, made.total = counted.kept, examination.store.count()

    lines = (manifests.line_of(item, key) for item in examination.due(counted))
    return manifests.write(data, blank, lines, finish, files)


def dispose_of_all(
    data: Path,
    now: int,
    *,
    proposer: str = "a",
    approver: str = "b",
    reason: str = "yearly",
    eyes: Facts | None = None,
    view: Viewer = see,
    files: Files = UNSYNCED,
    portion: int = PORTION,
) -> Outcome:
    """Propose and dispose in one step; the outcome also counts what the manifest left out."""
    made = listed(data, now, view, files)
    two = eyes or Facts(frozenset({proposer, approver}))
    outcome = dispose.dispose(
        data, manifest=made.digest, proposer=proposer, approver=approver, eyes=two, reason=reason, now=now, view=view,
        files=files, portion=portion,
    )  # fmt: skip
    for why, count in made.kept.items():
        if not why.startswith("put aside"):
            outcome.keep(why, count)
    return outcome


def remains(data: Path) -> bytes:
    """Everything that anybody could read in this folder: every file as it lies, and all that the keyring opens."""
    found = [path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()]
    keys = Keyring(data)
    for path in sorted((data / "segments").rglob("*.seg")):
        if path.stem in keys.names():
            segment = Segment(path, path.stem, keys.open(path.stem))
            found += [segment.frame(n) for n in range(segment.frames)]
            found += [row.id + row.sha256 for row in segment.rows()]
            segment.close()
    return b"\n".join(found)


def ids(data: Path) -> set[bytes]:
    store = Store(data)
    found = {place.id for place in store.captures()}
    assert store.count() == len(found)
    return found


def names(data: Path) -> list[tuple[str, str, str]]:
    return list(segments.listed(data))


def date(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()
