"""What messages are compared by is read in limited processes, and what cannot be read there is compared whole (P-31, promise 6)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest

from civicmail.core.config.errors import LaterError
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.sandbox.errors import Unreadable
from civicmail.core.sandbox.pool import Pool
from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline import fingerprint_client, fingerprints
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.pipeline.fingerprint_client import FingerprintReader
from civicmail.mail.pipeline.fingerprint_reader import fingerprint_of, report_of
from civicmail.mail.pipeline.fingerprints import Fingerprint, ReadFingerprint, ReadReport
from mail.archive.making import UNSYNCED

AT = 1_772_452_800_000
PHISH = (
    b"From: Help <HELP@desk.example>\r\nSubject: Your mailbox is full\r\n\r\n"
    b"Confirm on http://pay.example/1 or http://city.example/\r\n"
)
HEAVY = b"From: a@desk.example\r\nContent-Type: text/html\r\n\r\n" + b"<p><b>a</b> <i>b</i> <u>c</u></p>" * 800_000
"""It takes its reader several seconds."""


def keep(data: Path, *raws: bytes) -> list[bytes]:
    with closing(Writer(data, lambda: AT, UNSYNCED, 64 << 20)) as writer:
        ids = []
        for n, raw in enumerate(raws):
            envelope = Envelope("a@desk.example", (Recipient("bob@city.example"),), AT + n, "192.0.2.9")
            capture = capture_of(capture_id(AT + n), scan(raw), envelope, Source("mx", "mx"))
            writer.receipt(capture, raw)
            ids.append(capture.id)
        writer.flush()
    return ids


@pytest.mark.rule("P-31, promise 6", "A message that crashes its reader is compared as a whole, and affects no other.")
def test_what_brings_its_reader_down_has_marks_of_its_whole_and_harms_no_other(tmp_path: Path) -> None:
    """The process is ended, the next message is read by another one; copies that came by another way are the same thing."""
    again = b"Received: from a by b; Mon, 2 Mar 2026 12:00:00 +0000\r\n" + HEAVY
    heavy, good = keep(tmp_path, HEAVY, PHISH)
    marking = FingerprintReader(tmp_path, ("city.example",), seconds=1)
    found = marking.fingerprint(heavy)
    assert found == Fingerprint.of_whole(HEAVY) and found.is_like(Fingerprint.of_whole(again))
    assert marking.report_content(heavy) is None
    marks = marking.fingerprint(good)
    assert (
        marks == fingerprint_of(PHISH, ("city.example",)) and marks.hosts == {"pay.example"} and marks.author == "help@desk.example"
    )
    assert not marks.is_like(found)


@pytest.mark.rule(
    "P-31, promise 6",
    "While too many messages are being read, no comparison is made with partial data: it is postponed.",
)
def test_where_all_processes_are_busy_it_is_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compared by less than there is to know, only because many ask at once."""
    (good,) = keep(tmp_path, PHISH)
    with closing(Pool(fingerprints.SERVICE, processes=1)) as pool:
        monkeypatch.setattr(fingerprint_client, "pool", lambda: pool)
        busy = pool._idle.get()
        with pytest.raises(LaterError):
            FingerprintReader(tmp_path, (), seconds=0.01).fingerprint(good)
        pool._idle.put(busy)
        assert FingerprintReader(tmp_path, ()).fingerprint(good) == fingerprint_of(PHISH)


@pytest.mark.rule("P-25, P-31", "A sandboxed process's result about a message is digests and few words, or nothing.")
def test_a_process_that_was_taken_over_says_nothing_but_digests() -> None:
    """Whatever it answers, it fits into the rows for it, or counts as nothing."""
    honest = fingerprint_of(PHISH)
    assert decode_reply(ReadFingerprint(), encode(honest), len(PHISH)) == honest
    long = [f"{n}.example" for n in range(21)]
    for lie in (
        {"text": "<script>"}, {"text": "0" * 64 + "\n"}, {"text": None}, {"bands": ["0" * 16] * 9}, {"bands": ["x" * 16]},
        {"hosts": 7}, {"hosts": long}, {"subject": long}, {"author": "x" * 1001}, {"author": "a\0"},
    ):  # fmt: skip
        with pytest.raises(Unreadable):
            decode_reply(ReadFingerprint(), encode(asdict(honest) | lie), len(PHISH))
    report = report_of(b"From: a@b.example\r\nSubject: Fwd: full\r\n\r\nSubject: Your mailbox\r\n\r\nwords\r\n")
    assert decode_reply(ReadReport(), encode(report), len(PHISH)) == report and report.quotes


def test_what_a_message_says_at_length_is_cut_before_it_is_sent() -> None:
    """Of a length, and with letters, that databases take."""
    hosts = "".join(f"http://host{n}.example/ " for n in range(500))
    raw = f"From: {'x' * 9000}@b.example\r\nSubject: {'=ED=A0=80 ' * 90}\r\n\r\n{hosts}\r\n".encode()
    made = fingerprint_of(raw)
    assert len(made.hosts) == 20 and len(made.subject) == 12 and len(made.author) <= 1000
    assert decode_reply(ReadFingerprint(), encode(made), len(raw)).hosts == made.hosts
