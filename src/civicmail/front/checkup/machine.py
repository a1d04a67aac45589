"""Check the machine: disk space, volume encryption, clock and text recognition."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from civicmail.core.config.errors import LaterError
from civicmail.core.disk import files, journal
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.sandbox import ocr
from civicmail.front.checkup.findings import MINUTE, Finding, Installation
from civicmail.front.checkup.wording import size, when
from civicmail.mail.search import coverage
from civicmail.mail.search.attachments import PICTURES
from civicmail.mail.search.counts import still
from civicmail.mail.search.order import counted
from civicmail.mail.search.reader import Reader

MAX_AHEAD_MS = 2 * MINUTE
REST = "mailboxes and the search index wait"


def disk(p: Installation) -> Iterator[Finding]:
    """Free space: below `gateway.min_free` no mail is taken, below three times that is a warning. And free inodes. Mailboxes and
    index where they lie on volumes of their own."""
    free, min_free = files.free_bytes(p.data), p.settings.gateway.min_free
    text = f"{size(free)} are free on the volume of the data folder; below {size(min_free)} new mail is told 452, and {REST}."
    if free < min_free:
        yield Finding("disk", "problem", text, f"Free some space or enlarge the volume, now: no mail is taken in, {REST}.")
    elif free < 3 * min_free:
        yield Finding("disk", "warning", text, "Free some space or enlarge the volume soon.")
    else:
        yield Finding("disk", "ok", text)
    for place, what in ((p.data / "maildir", "mailboxes"), (coverage.top(p.data), "the search index")):
        if place.exists() and place.stat().st_dev != p.data.stat().st_dev and (free := files.free_bytes(place)) < min_free:
            text = f"{size(free)} are free on the volume of {what}; below {size(min_free)} nothing is written there."
            yield Finding("disk", "problem", text, "Free some space or enlarge that volume; it goes on by itself.")
    volume = os.statvfs(p.data)
    if volume.f_files and volume.f_favail < volume.f_files // 50:
        yield Finding("disk", "warning", f"Only {volume.f_favail} more files can be made.", "Make room for more files (inodes).")


def volume(p: Installation) -> Iterator[Finding]:
    """Check that the data folder is on an encrypted volume."""
    if is_encrypted(p.data.stat().st_dev):
        yield Finding("volume", "ok", "The data folder lies on an encrypted volume.")
        return
    text = "It cannot be seen that the data folder lies on an encrypted volume."
    yield Finding("volume", "warning", text, "Journals, spool and index are not encrypted by us: use LUKS or your provider's.")


def clock(p: Installation) -> Iterator[Finding]:
    """Check that the clock is not more than two minutes behind times already recorded."""
    newest, what = 0, ""
    for name in journal.names(p.data):
        for _, path in journal.log_files(journal.folder(p.data) / name)[-1:]:
            newest, what = max((newest, what), (path.stat().st_mtime_ns // 1_000_000, f"journal {name}"))
    latest = checkpoints.latest(sequencer.folder(p.data))
    if latest is not None:
        newest, what = max((newest, what), (latest.at, "the newest checkpoint"))
    if newest > p.now + MAX_AHEAD_MS:
        text = f"The clock says {when(p.now)}, but {what} was written at {when(newest)}."
        yield Finding("clock", "problem", text, "Set the clock and keep it by NTP: received times are evidence.")
    elif p.now < 1_735_689_600_000:  # 2025
        yield Finding("clock", "problem", f"The clock says {when(p.now)}.", "Set the clock and keep it by NTP.")
    else:
        yield Finding("clock", "ok", f"The clock says {when(p.now)}, and nothing was written later.")


def scans(p: Installation) -> Iterator[Finding]:
    """Whether pictures are read: those that wait for the index, and those that leave the city (P-19)."""
    languages = p.settings.search.ocr_languages
    is_missing = ocr.find_tesseract(languages) is None
    remedy = "Install tesseract-ocr and its languages, or correct [search] ocr_languages."
    if is_missing and "confidential" in p.settings.screening.checks:
        text = f"Pictures leave the city encrypted, because nothing reads them: there is no tesseract with {languages}."
        yield Finding("pictures", "warning", text, remedy)
    try:
        reader = Reader(p.data)
    except LaterError:
        return
    scans = sum(counted(searcher, still(PICTURES)) for searcher in reader.searchers())
    if scans and is_missing:
        text = f"{scans} captures have scans that nobody reads: there is no tesseract with {languages}."
        yield Finding("scans", "warning", text, remedy)
    else:
        yield Finding("scans", "ok", f"{scans} captures have scans that wait to be read.")


def is_encrypted(device: int) -> bool:
    """Whether a block device, or one that it is made of, is dm-crypt: its UUID begins with CRYPT-."""
    places = [Path("/sys/dev/block") / f"{os.major(device)}:{os.minor(device)}"]
    while places:
        place = places.pop()
        try:
            if (place / "dm" / "uuid").read_text().startswith("CRYPT-"):
                return True
        except OSError:
            pass
        if (place / "slaves").is_dir():
            places += (place / "slaves").iterdir()
    return False
