"""After disposal search, segments, copies, caches and keys all miss the message, and the ledger proves it was there (promise 3)."""

from __future__ import annotations

import shutil
import uuid
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path

import pytest
import zstandard

from civicmail.city.guard.four_eyes import Facts
from civicmail.core.disk import journal
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.core.ledger.verify import verify
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.tree import Everything
from civicmail.front.worker import disposal
from civicmail.mail.archive import classes, holds, keyring, outstanding_file
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.inventory import certified
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Event, Source, Type
from civicmail.mail.archive.seal import Sealer
from civicmail.mail.archive.verify import Check
from civicmail.mail.courier.maildir import mailbox
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.replica.links import FolderLink
from civicmail.mail.replica.restore import restore
from civicmail.mail.replica.ship import Shipper
from civicmail.mail.search import coverage
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from mail.archive.keeping import listed
from mail.replica.making import bring

NOW = 1_772_452_800_000  # 2026-03-02
LONG_AGO = 1_262_304_000_000  # 2010-01-01
SECRET = b"Subject: xylophone\r\n\r\nthe zanzibar affair\r\n"
PLAIN = b"Subject: lunch\r\n\r\nat the bridge\r\n"


def keep(data: Path, body: bytes) -> uuid.UUID:
    """One delivered message of long ago, with its copy in the recipient's mailbox."""
    id_ = capture_id(LONG_AGO)
    envelope = Envelope("ana@city.example", (Recipient("ben@city.example"),), LONG_AGO)
    with closing(Writer(data, lambda: NOW, file_size=1 << 20)) as writer:
        writer.receipt(capture_of(id_, scan(body), envelope, Source("mx")), body)
        writer.event(Event(Type.DELIVERED, id_, NOW, (0,), {"hop": "maildir", "reply": "kept"}))
        writer.flush()
    place = mailbox(data, "city.example", "ben") / "cur"
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{uuid.UUID(bytes=id_)}:2,S").write_bytes(body)
    return uuid.UUID(bytes=id_)


def everything(data: Path) -> bytes:
    """All bytes of the folder, and what is squeezed in them."""
    found = [p.read_bytes() for p in data.rglob("*") if p.is_file()]
    for content in list(found):
        at = content.find(b"\x28\xb5\x2f\xfd")
        while at >= 0:
            with suppress(zstandard.ZstdError):
                found.append(zstandard.ZstdDecompressor().decompressobj().decompress(content[at:]))
            at = content.find(b"\x28\xb5\x2f\xfd", at + 1)
    return b"\n".join(found)


@pytest.mark.rule("P-24, promise 3", "The index forgets what a certificate names.")
def test_nothing_of_what_was_disposed_of_is_found_anywhere(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keyring.create(data)
    text = (resources.files("civicmail.city.law") / "schedules.toml").read_text()
    classes.adopt(data, text, actor="clerk", reason="council", now=NOW)
    gone, kept = keep(data, SECRET), keep(data, PLAIN)
    with Sequencer(data) as ledger:
        ledger.integrate(NOW)
    with closing(IndexJob.take(data)) as job:
        job.catch_up(NOW)
    outstanding_file.advance(data, NOW)
    with Sealer(data) as sealer:
        sealer.seal(lambda: dict.fromkeys(journal.names(data), 1 << 60), now=NOW)
    assert b"zanzibar" in everything(data)
    assert count(Reader(data), Everything()) == 2
    holds.place(data, ground="audit", scope="bridge", actor="a", reason="r", now=NOW)
    (data / "claimed").touch()
    outcome = disposal.dispose(
        data,
        manifest=listed(data, NOW, disposal.viewer(data)).digest,
        proposer="ana",
        approver="ben",
        eyes=Facts(frozenset({"ana", "ben"})),
        reason="yearly",
        now=NOW,
    )
    assert (outcome.gone, outcome.kept) == (1, {})
    with closing(IndexJob.take(data)) as job:
        job.catch_up(NOW)
        assert count(Reader(data), Everything()) == 1
        assert coverage.load(coverage.current(data)).forget == {("mail", 2010)}
        job.rebuild(NOW)
    assert count(Reader(data), Everything()) == 1
    assert not coverage.is_rebuild_requested(data)
    left = everything(data)
    assert b"zanzibar" not in left
    assert b"xylophone" not in left
    [copy] = (data / "maildir").rglob("cur/*")
    assert copy.name.startswith(str(kept))
    check = Check(data, deep=True)
    verdict = verify(data, check.heads())
    assert [p.text for p in verdict.problems] + [p.sentence for p in check.problems] == []
    assert (verdict.disposed, verdict.captures) == (2, 1)
    assert str(gone).encode() in left  # in its certificate


@pytest.mark.rule("P-23, promise 3", "After a disposal no place, and no backup of segments, has the message in readable form.")
def test_neither_the_second_place_nor_a_backup_has_it(tmp_path: Path) -> None:
    """The second place gets the archive before and after; the backup is of before, and the keys of now do not open it."""
    data, copy, backup = tmp_path / "data", tmp_path / "copy", tmp_path / "backup"
    keyring.create(data)
    text = (resources.files("civicmail.city.law") / "schedules.toml").read_text()
    classes.adopt(data, text, actor="clerk", reason="council", now=NOW)
    gone, kept = keep(data, SECRET), keep(data, PLAIN)
    with closing(FolderLink(copy)) as link:
        shipper = Shipper(data, link, lambda: NOW)
        with Sequencer(data) as ledger:
            ledger.integrate(NOW)
        with closing(IndexJob.take(data)) as job:
            job.catch_up(NOW)
        outstanding_file.advance(data, NOW)
        bring(shipper)
        assert b"zanzibar" in everything(copy)  # in its journal
        with Sealer(data) as sealer:
            sealer.seal(lambda: dict.fromkeys(journal.names(data), 1 << 60), now=NOW)
        bring(shipper)
        assert restored(copy, tmp_path / "before") == {SECRET, PLAIN}
        shutil.copytree(data / "segments", backup / "segments")
        (data / "claimed").touch()
        holds.place(data, ground="audit", scope="bridge", actor="a", reason="r", now=NOW)
        manifest = listed(data, NOW, disposal.viewer(data)).digest
        outcome = disposal.dispose(
            data, manifest=manifest, proposer="ana", approver="ben",
            eyes=Facts(frozenset({"ana", "ben"})), reason="yearly", now=NOW,
        )  # fmt: skip
        assert outcome.gone == 1
        with closing(IndexJob.take(data)) as job:
            job.catch_up(NOW)
            job.rebuild(NOW)  # as the worker does after a while: tests/front/worker/test_forgetting.py
        bring(shipper)
    assert restored(copy, tmp_path / "after") == {PLAIN}
    for place in (data, copy, backup, tmp_path / "after"):
        left = everything(place)
        assert b"zanzibar" not in left and b"xylophone" not in left, place
    here, there = ({p.name for p in top.glob("keys/segments/*")} for top in (data, copy))
    assert here == there
    before, now = ({p.stem for p in top.rglob("*.seg")} for top in (backup, data))
    [facts] = certified(data, manifest)
    assert set(facts["segments"]) & before == before - now != set()
    assert not (before - now) & Keyring(data).names(), "no key opens what was rewritten"
    shutil.copytree(backup / "segments", data / "segments", dirs_exist_ok=True)
    found = {uuid.UUID(bytes=s.id) for s in Machine(data).all_captures(lambda _: None)}
    assert gone not in found and kept in found


def restored(copy: Path, folder: Path) -> set[bytes]:
    """The messages of an installation that is made from the copy as it is now."""
    shutil.copytree(copy, folder / "copy")
    restore(folder / "copy", folder / "data", now=NOW)
    return {s.body for s in Machine(folder / "data").all_captures(lambda _: None)}


def test_what_holds_see_is_what_the_index_sees_and_doubt_counts_as_unreadable(tmp_path: Path) -> None:
    see = disposal.viewer(tmp_path)
    envelope = Envelope("ana@city.example", (Recipient("ben@city.example"),), LONG_AGO)
    body = (
        b"Subject: plans\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nwords\r\n"
        b'--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--x--\r\n"
    )
    found = see(capture_of(capture_id(LONG_AGO), scan(body), envelope, Source("mx")), body)
    assert "words" in found["body"]
    assert found["unreadable"] == 1  # nobody has read the file yet
