"""Every record that is still in a journal, for verification. Live tails are read as far as they are whole.

Also detects damage outside the ledger: unreadable frames, and bodies that do not belong to their heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import orjson

from civicmail.core.disk import frames, journal
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.ledger.problems import KeptRecord, Problem, records_text

Report = Callable[[Problem], None]
_RECEIPT = 1


def journal_heads(data: Path, report: Report) -> Iterator[KeptRecord]:
    """Records of all journals. report: called with what cannot be read. Takes no lease."""
    for name in journal.names(data):
        place = journal.folder(data) / name
        durable = journal.read_durable(place)
        expected = _retired(place, report) + 1
        for first, path in journal.log_files(place):
            try:
                content = path.read_bytes()  # not mapped: a live file may be cut while it is read
            except FileNotFoundError:
                continue  # sealed and removed at this moment
            if expected < first and _retired(place) < first - 1:
                report(_missing(name, expected, first - 1, f"missing before {path.name}"))
            expected = first
            for record in _records(name, path, content, first, durable, report):
                yield record
                expected = max(expected, record.number + 1)
        if max(expected, _retired(place) + 1) <= durable:
            report(_missing(name, expected, durable, "missing at the end, though synced"))


def _retired(place: Path, report: Report | None = None) -> int:
    """The number up to which all records were sealed; if its own file is damaged, taken from the other files."""
    try:
        return journal.read_retired(place)
    except DamagedFile as error:
        if report is not None:
            report(Problem("damaged", str(error), place.name))
        return journal.retired_by_files(place)


def _records(name: str, path: Path, content: bytes, first: int, durable: int, report: Report) -> Iterator[KeptRecord]:
    header = frames.decode_file_header(content)
    if (header is None or header[:2] != (name, first)) and durable >= first:
        report(Problem("altered", f"The header of {path.name} in journal {name} is damaged."))
    elif any(content[frames.FILE_HEADER.size : frames.FILE_HEADER_SIZE]):
        report(Problem("altered", f"The header of {path.name} in journal {name} has bytes where zeros belong."))
    offset, expected = frames.FILE_HEADER_SIZE, first
    while True:
        frame = frames.decode(content, offset)
        if frame is None:
            frame = frames.next_after_damage(content, offset, expected)
            if frame is None or max(durable, frame.durable) < expected:
                return  # a torn or growing tail; if more was synced, journal_heads reports it
            if frame.number > expected:
                report(_missing(name, expected, frame.number - 1, f"damaged at byte {offset} of {path.name}"))
        elif frame.number != expected:
            text = f"Record {frame.number} of journal {name} stands where record {expected} should: records were dropped or moved."
            report(Problem("altered", text, name, frame.number))
        if any(content[frame.offset + frames.FIXED.size + len(frame.head) + len(frame.body) : frame.end]):
            text = f"Behind record {frame.number} of journal {name} stand bytes where zeros belong."
            report(Problem("altered", text, name, frame.number))
        _check_body(name, path, frame, report)
        yield KeptRecord(name, frame.number, bytes(frame.head), False)
        offset, expected = frame.end, max(expected, frame.number + 1)


def _missing(name: str, first: int, last: int, why: str) -> Problem:
    named = records_text(first, last, name)
    return Problem("damaged", f"{named[0].upper()}{named[1:]} cannot be read: {why}.", name, first, last)


def _check_body(name: str, path: Path, frame: frames.Frame, report: Report) -> None:
    if frame.type != _RECEIPT:
        return
    spooled = path.parent / "spool" / frame.id.hex()
    try:
        if frame.spooled:
            with spooled.open("rb") as f:
                digest = _digest(iter(lambda: f.read(1 << 20), b""))
        else:
            digest = _digest(iter([frame.body]))
        claimed = orjson.loads(frame.head).get("sha256", "")
    except FileNotFoundError:
        if path.exists():  # else it was sealed and removed at this moment
            text = f"The body of record {frame.number} of journal {name} is missing from the spool."
            report(Problem("dropped", text, name, frame.number))
        return
    except (ValueError, AttributeError):
        report(Problem("altered", f"The head of record {frame.number} of journal {name} is not JSON.", name, frame.number))
        return
    if digest.hex() != claimed:
        text = f"The body of record {frame.number} of journal {name} is not the one that its head names."
        report(Problem("altered", text, name, frame.number))


def _digest(chunks: Iterator[bytes | memoryview]) -> bytes:
    h = sha256()
    for chunk in chunks:
        h.update(chunk)
    return h.digest()
