"""Verify the sealed part of the archive: every frame, record, catalogue row and number. Takes no lease.

core/ledger verifies journals and compares heads with the ledger; Check.heads() gives it the sealed records during this check.
Remains of an uncommitted seal do not count and are reported as a note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import orjson

from civicmail.core.disk import journal, lost_records
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.disk.frames import NO_ID
from civicmail.core.disk.lease import is_held
from civicmail.core.ledger.heads import CERTIFICATES
from civicmail.core.ledger.problems import KeptRecord
from civicmail.mail.archive import certificates, runs, seal_state, segments, tail_index, warc
from civicmail.mail.archive.catalogue import Catalogue
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.gather import end_of
from civicmail.mail.archive.keyring import Keyring
from civicmail.mail.archive.records import Type
from civicmail.mail.archive.seal_state import SealState
from civicmail.mail.archive.segments import Row, Segment
from civicmail.mail.archive.tail_index import TailIndex

Name = tuple[str, str, str]  # class, month, segment id


@dataclass(frozen=True, slots=True)
class Problem:
    """code: a fixed word; where: what it is about, for machines; sentence: for people.

    Codes: segment-damaged, segment-missing, key-missing, record-damaged, body-damaged, catalogue-damaged, catalogue-row,
    number-missing, seal-damaged.
    """

    code: str
    where: str
    sentence: str


class Check:
    """One verification of the sealed part of a data folder.

    Iterate over heads() completely, then read problems, segments (their number) and captures (sealed records of that type). deep:
    also compare each body with its SHA-256, and heads with tables.
    """

    def __init__(self, data: Path, *, deep: bool = False, progress: Callable[[int], None] | None = None) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.segments = 0
        self.captures = 0
        self._data = data
        self._deep = deep
        self._progress = progress
        self._catalogue = Catalogue(data)
        self._rows: dict[str, int] = {}  # month -> rows that the catalogue should have
        self._seen: dict[str, bytearray] = {}  # journal -> a bit for each number
        self._unread: set[str] = set()  # months with a segment whose table was not read
        self._vanished = False
        self._evidence: set[Name] = set()  # replaced segments whose certificate is not written yet
        self._certificates: list[bytes] = []

    def heads(self) -> Iterator[KeptRecord]:
        """Every sealed record's head; problems are collected meanwhile. Starts when the first head is requested."""
        retired = self._retired()  # what is sealed while we look is in none of these three views
        looked: set[Name] = set()
        while todo := self._names() - looked:
            looked |= todo
            self._vanished = False
            yield from self._segments(sorted(todo))
            if not self._vanished:
                break
        self._missing_segments({name for _, _, name in looked})
        self._surplus_rows()
        self._missing_numbers(retired)

    # -- segments ----------------------------------------------------------------------------------------------------------

    def _names(self) -> set[Name]:
        """The segments that count at this moment, with a catalogue of the same moment.

        Segments that a rewrite has replaced do not count, but they are evidence until the certificate about their disposed captures
        is written.
        """
        listed = set(segments.listed(self._data))
        state = self._unfinished()
        ignore = state.batch if state and not state.committed else ""
        self._catalogue.refresh(ignore=ignore)
        replaced = set(state.gone) if state and state.committed else set()
        if state and state.committed and state.certificate:
            self._evidence = replaced
            replaced = set()
        return {n for n in listed if not (ignore and n[2].startswith(ignore))} - replaced

    def _segments(self, names: list[Name]) -> Iterator[KeptRecord]:
        try:
            keyring = Keyring(self._data)
        except KeyMissing as error:
            self._add("key-missing", "keys/master.key", str(error))
            self._unread |= {month for _, month, _ in names}
            return
        for class_, month, name in names:
            where = f"segments/{class_}/{month}/{name}.seg"
            self.segments += 1
            try:
                segment = Segment(segments.path_of(self._data, class_, month, name), name, keyring.open(name))
                rows = list(segment.rows())
            except FileNotFoundError:
                self._vanished = True  # rewritten since it was listed: check its replacement too
                continue
            except (KeyMissing, DamagedFile) as error:
                self._add("key-missing" if isinstance(error, KeyMissing) else "segment-damaged", where, str(error))
                self._unread.add(month)
                continue
            evidence = (class_, month, name) in self._evidence
            self._count(rows, kept=not evidence)
            yield from self._records(segment, rows, where)
            segment.close()
            if not evidence:
                self._catalogued((class_, month, name), rows)

    def _records(self, segment: Segment, rows: list[Row], where: str) -> Iterator[KeptRecord]:
        """Walk every frame; a damaged one costs the records in it and no others."""
        bodies: dict[bytes, bool] = {}
        by_frame = {number: list(group) for number, group in groupby(rows, key=lambda row: row.frame)}
        receipt: tuple[Row, bytes] | None = None  # the capture whose body comes next
        for number in range(segment.frames):
            mine = by_frame.get(number, [])
            try:
                frame = segment.frame(number)
            except DamagedFile as error:
                affected = f" {len(mine)} records are in it." if mine else ""
                self._add("segment-damaged", f"{where}#{number}", f"{error}{affected}")
                receipt = None
                continue
            expected = iter(mine)
            for offset, record in _walk(frame):
                if record is None:
                    self._add("record-damaged", f"{where}#{number}", f"{where}: no record at byte {offset} of frame {number}.")
                elif record.type == b"metadata":
                    row = next(expected, None)
                    head = frame[record.start : record.stop]
                    if row is None or not _agree(row, offset, record, head, deep=self._deep):
                        text = f"{where}: the record at byte {offset} of frame {number} is not the one in the table."
                        self._add("record-damaged", f"{where}#{number}", text)
                        continue
                    receipt = (row, head) if row.type == Type.RECEIPT else None
                    if row.type == Type.DISPOSED:
                        self._certificates.append(head)
                    yield KeptRecord(row.journal, row.number, head, True)
                elif record.type in {b"resource", b"revisit"}:
                    self._body(record, frame, receipt, bodies, where)
                    receipt = None
            if next(expected, None) is not None:
                self._add("record-damaged", f"{where}#{number}", f"{where}: records of frame {number} are missing.")

    def _body(
        self, record: warc.WarcRecord, frame: bytes, receipt: tuple[Row, bytes] | None, bodies: dict[bytes, bool], where: str
    ) -> None:
        if receipt is None:
            return
        row, _ = receipt
        if record.type == b"resource":
            whole = not self._deep or hashlib.sha256(memoryview(frame)[record.start : record.stop]).digest() == row.sha256
            bodies[row.sha256] = whole
        elif row.sha256 not in bodies:
            self._add("body-damaged", row.id.hex(), f"{where}: the body of capture {row.id.hex()} is not in the segment.")
            return
        if not bodies[row.sha256]:
            text = f"{where}: the body of capture {row.id.hex()} is not the one with SHA-256 {row.sha256.hex()}."
            self._add("body-damaged", row.id.hex(), text)

    def _count(self, rows: list[Row], *, kept: bool = True) -> None:
        for row in rows:
            self.captures += kept and row.type == Type.RECEIPT
            self._see(row.journal, row.number)
        if self._progress is not None:
            self._progress(self.captures)

    def _see(self, name: str, number: int) -> None:
        seen = self._seen.setdefault(name, bytearray())
        byte, bit = divmod(number, 8)
        if byte >= len(seen):
            seen.extend(bytes(byte + 1 - len(seen) + 4096))
        seen[byte] |= 1 << bit

    # -- catalogue ---------------------------------------------------------------------------------------------------------

    def _catalogued(self, name: Name, rows: list[Row]) -> None:
        """Check that each group of records has its row."""
        _, month, segment = name
        missing = 0
        for row in runs.groups_of(rows):
            self._rows[month] = self._rows.get(month, 0) + 1
            try:
                entries = self._catalogue.by_id(row.id)
            except (DamagedFile, FileNotFoundError):
                return  # reported by _surplus_rows
            expected = (row.type != Type.RECEIPT, segment, row.frame, row.offset)
            missing += expected not in [(e.events, e.where.segment, e.where.frame, e.where.offset) for e in entries]
        if missing:
            what = f"{missing} captures or groups of events of segment {segment}"
            text = f"{what} are not in the catalogue; `rebuild catalogue` adds them."
            self._add("catalogue-row", f"catalogue/{month}", text)

    def _missing_segments(self, present: set[str]) -> None:
        """Segments that the catalogue names are there. One that was sealed since they were listed makes its month uncounted."""
        for month in self._catalogue.months:
            try:
                named = {segment for run in self._catalogue.runs(month) for segment in run.segments}
            except (DamagedFile, FileNotFoundError):
                continue  # reported by _surplus_rows
            for class_, name in sorted(named):
                if name in present:
                    continue
                self._unread.add(month)
                if not segments.path_of(self._data, class_, month, name).exists():
                    text = f"Segment {class_}/{month}/{name} is in the catalogue and not on the disk."
                    self._add("segment-missing", f"segments/{class_}/{month}/{name}.seg", text)

    def _surplus_rows(self) -> None:
        """Runs are what was written, and have no row more than there are groups of records."""
        for month in self._catalogue.months:
            try:
                live = self._catalogue.runs(month)
                for run in live:
                    run.check()
            except DamagedFile as error:
                self._add("catalogue-damaged", f"catalogue/{month}", str(error))
                continue
            except FileNotFoundError:
                continue  # merged since it was listed
            surplus = sum(run.rows for run in live) - self._rows.get(month, 0)
            if surplus > 0 and month not in self._unread:
                text = f"The catalogue of {month} has {surplus} rows more than the segments have captures and groups of events."
                self._add("catalogue-row", f"catalogue/{month}", text)

    # -- numbers and state -------------------------------------------------------------------------------------------------

    def _retired(self) -> dict[str, int]:
        """Up to which number each journal has nothing left: sealed and removed."""
        retired = {}
        for name in journal.names(self._data):
            place = journal.folder(self._data) / name
            try:
                last = journal.read_retired(place)
            except DamagedFile:  # the check of journals reports it
                last = journal.retired_by_files(place)
            retired[name] = min([last, *(first - 1 for first, _ in journal.log_files(place))])
        return retired

    def _missing_numbers(self, retired: dict[str, int]) -> None:
        """Check that segments or a certificate contain each number that was sealed and removed from a journal."""
        for head in [*self._certificates, *_certificates_in_journals(self._data)]:
            for name, first, last in _named(head):
                for number in range(first, min(last, retired.get(name, 0)) + 1):
                    self._see(name, number)
        for name, last in retired.items():
            seen = self._seen.get(name, bytearray())
            seen.extend(bytes(max(0, last // 8 + 1 - len(seen))))
            if last:
                for start, end in _gaps(seen, last):
                    text = f"Records {start} to {end} of journal {name} are neither in the journal nor in a segment."
                    self._add("number-missing", f"{name}:{start}-{end}", text)

    def _unfinished(self) -> SealState | None:
        """Note what a seal or rewrite has not finished."""
        try:
            state = seal_state.read(self._data)
        except DamagedFile as error:
            self._add("seal-damaged", "segments/seal.json", str(error))
            return None
        if state is None:
            return None
        running = is_held(self._data / "leases" / "seal")
        self.notes.append("A seal is under way." if running else "A seal was interrupted; the next one finishes it.")
        return state

    def _add(self, code: str, where: str, sentence: str) -> None:
        self.problems.append(Problem(code, where, sentence))


def torn_tails(data: Path) -> list[str]:
    """Sentences about journals whose last file continues behind its last durable record: the writer is alive or was killed, which
    is no problem."""
    sentences = []
    for name in journal.names(data):
        place = journal.folder(data) / name
        known = journal.log_files(place)
        durable = lost_records.before(lost_records.read(place), journal.read_durable(place))
        if not known or durable < known[-1][0] - 1:
            continue
        first, path = known[-1]
        try:
            end = end_of(path, first, durable) if durable >= first else 0
            if end == path.stat().st_size:
                continue
        except FileNotFoundError:
            continue
        if is_held(place / "lock"):
            sentences.append(f"Journal {name} is being written behind record {durable}.")
        else:
            sentences.append(f"The writer of journal {name} was killed behind record {durable}; the next one goes on from there.")
    return sentences


def _certificates_in_journals(data: Path) -> Iterator[bytes]:
    tail = TailIndex(data)
    tail.refresh()
    for where in tail.events(NO_ID):
        with suppress(FileNotFoundError, DamagedFile):  # sealed meanwhile; core/ledger names what is damaged
            head = tail_index.read_head(where)
            if CERTIFICATES.matches(head):
                yield head


def _named(head: bytes) -> list[tuple[str, int, int]]:
    """(journal, first, last) of the records that a certificate names; none where it cannot be read as one."""
    try:
        plain = orjson.loads(head)
        return list(certificates.named(plain["facts"])) if plain["type"] == "disposed" else []
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return []


def _walk(frame: bytes) -> Iterator[tuple[int, warc.WarcRecord | None]]:
    """(offset, record) one after the other; None at the first damaged record, and then no more."""
    offset = 0
    while offset < len(frame):
        record = warc.parse(frame, offset)
        yield offset, record
        if record is None:
            return
        offset = record.end


def _agree(row: Row, offset: int, record: warc.WarcRecord, head: bytes, *, deep: bool) -> bool:
    """Whether table, WARC fields and (deep) head are about the same record."""
    if row.offset != offset or warc.place_of(record) != (row.journal, row.number) or warc.about(record) != row.id:
        return False
    if not deep:
        return True
    try:
        plain = orjson.loads(head)
        same = (plain["journal"], plain["number"], plain["id"].replace("-", "")) == (row.journal, row.number, row.id.hex())
        return same and (row.type != Type.RECEIPT or plain["sha256"] == row.sha256.hex())
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return False


def _gaps(seen: bytearray, last: int) -> Iterator[tuple[int, int]]:
    """Runs of numbers from 1 to last that have no bit."""
    start = 0
    number = 1
    while number <= last:
        if number % 8 == 0 and not start and seen[number // 8] == 0xFF:
            number += 8
            continue
        is_present = seen[number // 8] >> number % 8 & 1
        if not is_present and not start:
            start = number
        elif is_present and start:
            yield start, number - 1
            start = 0
        number += 1
    if start:
        yield start, last
