"""What a repair has put aside goes by rule, too: nothing of what is due stays readable in damaged/ (P-23, promise 3)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from civicmail.core.disk import journal
from civicmail.core.disk.files import Files
from civicmail.mail.archive import damaged_pieces, dispose, holds
from civicmail.mail.archive.dispose import Outcome
from civicmail.mail.archive.repair import repair
from civicmail.mail.archive.store import Store
from mail.archive.crashing import Crash, CrashingFiles
from mail.archive.keeping import LATER, SCHEDULES, adopt, claim, dispose_of_all, integrate, remains, see
from mail.archive.making import NOW, UNSYNCED, capture, writer

PERMANENT = (
    SCHEDULES
    + """
[[schedule]]
class = "executive"
id = "S-3"
title = "Officials"
permanent = true
approval = "council 3"
approved = 2026-01-01
expires = 2035-12-31
"""
)


@pytest.fixture
def damaged(data: Path) -> Path:
    """An installation of which one record was lost; its body can still be read in damaged/."""
    claim(data)
    w = writer(data)
    for body in (b"about the lake", b"the zanzibar affair", b"about the bridge"):
        w.receipt(capture(body), body)
    w.flush()
    w.close()
    ((_, path),) = journal.log_files(journal.folder(data) / "0001")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"the zanzibar affair", b"the zanzibar affaix"))
    (repaired,) = repair(data, person="p", reason="the disk broke", now=NOW, files=UNSYNCED)
    assert len(repaired.moved) == 1
    for piece in damaged_pieces.pieces(data):
        os.utime(piece.path, (NOW / 1000, NOW / 1000))
    integrate(data)
    return data


def go(data: Path, now: int, files: Files = UNSYNCED) -> Outcome:
    return dispose_of_all(data, now, files=files)


def test_what_was_put_aside_goes_when_its_class_is_due_and_a_certificate_names_it(damaged: Path) -> None:
    adopt(damaged, PERMANENT)
    assert go(damaged, NOW + 1).kept["put aside: not yet"] == 1
    assert b"zanzibar" in remains(damaged)
    assert dispose.simulate(damaged, now=LATER, view=see).pieces == 1
    outcome = go(damaged, LATER)
    assert (outcome.pieces, len(outcome.certificates)) == (1, 1)
    assert b"zanzibar" not in remains(damaged)
    assert list(damaged_pieces.pieces(damaged)) == []
    assert go(damaged, LATER).certificates == []


def test_a_hold_of_any_scope_keeps_it(damaged: Path) -> None:
    adopt(damaged)
    name = holds.place(damaged, ground="audit", scope="harbour", actor="a", reason="r", now=NOW, files=UNSYNCED)
    assert go(damaged, LATER).kept["put aside: held"] == 1
    holds.end(damaged, name, actor="a", reason="r", now=NOW, files=UNSYNCED)
    assert go(damaged, LATER).pieces == 1


@pytest.mark.rule(
    "P-23, promise 3",
    "Files put aside by a repair are disposed of by rule, too, and stay if their owner is unknown.",
)
@pytest.mark.parametrize(("text", "why"), [(SCHEDULES, "not yet"), (PERMANENT, "permanent")])
def test_where_nobody_can_tell_whose_it_is_every_schedule_keeps_it(damaged: Path, text: str, why: str) -> None:
    adopt(damaged, text)
    (piece,) = damaged_pieces.pieces(damaged)
    piece.path.write_bytes(piece.path.read_bytes()[8:])
    os.utime(piece.path, (NOW / 1000, NOW / 1000))
    assert go(damaged, LATER).kept.get(f"put aside: {why}") == 1, "hr is kept for thirty years"
    assert piece.path.exists()


def test_a_crash_between_certificate_and_removal_is_made_good(damaged: Path) -> None:
    adopt(damaged)

    class Dying(CrashingFiles):
        def unlink(self, path: Path) -> None:
            if path.parent.parent.name == "damaged":
                raise Crash
            super().unlink(path)

    with pytest.raises(Crash):
        go(damaged, LATER, Dying(1 << 30))
    assert b"zanzibar" in remains(damaged)
    assert go(damaged, LATER).pieces <= 1
    assert b"zanzibar" not in remains(damaged)
    assert len([f for f in dispose.certificates.every(Store(damaged)) if f.get("damaged")]) >= 1
