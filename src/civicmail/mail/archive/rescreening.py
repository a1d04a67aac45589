"""Captures that must be screened again because a check was unavailable, until a record has the result.

A projection of receipts and DECIDED events, in any order; saved in <data>/outstanding/again so that a restart reads only new
records (docs/formats.md, "Screened again").
"""

from __future__ import annotations

from pathlib import Path

import orjson

from civicmail.city.policy import rule_keys
from civicmail.core.config.log import get_logger
from civicmail.core.disk import journal
from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.tail import Positions, Record, Tail
from civicmail.core.ledger.heads import HeadMatcher, prefix
from civicmail.mail.archive import outstanding_file, replay
from civicmail.mail.archive.records import Type

log = get_logger()

DAY_MS = 86_400_000
_VERSION = 1
_UNAVAILABLE = HeadMatcher(prefix(rule_keys.UNAVAILABLE))


class RescreeningState:
    """waiting: capture id to time of receipt, ms; settled: those whose record came before their receipt, with its time."""

    def __init__(self) -> None:
        self.positions: Positions = {}
        self.waiting: dict[bytes, int] = {}
        self.settled: dict[bytes, int] = {}

    def apply(self, record: Record) -> None:
        """Apply one record; a repeated one changes nothing."""
        if record.number <= self.positions.get(record.journal, 0):
            return
        self.positions[record.journal] = record.number
        self.replay(record)

    def replay(self, record: Record) -> None:
        """Apply one record wherever it is stored."""
        if record.type == Type.RECEIPT:
            if _UNAVAILABLE.matches(record.head) and self.settled.pop(record.id, None) is None:
                self._received(record)
        elif record.type == Type.DECIDED:
            head = orjson.loads(record.head)
            if head["facts"]["do"] == "pending":  # held by a rule that has ended: it is screened again
                self.waiting.setdefault(record.id, head["at"])
            elif not head["facts"].get("again") and self.waiting.pop(record.id, None) is None:
                self.settled[record.id] = head["at"]

    def _received(self, record: Record) -> None:
        head = orjson.loads(record.head)
        if any(rule.startswith(rule_keys.UNAVAILABLE) for d in head["dispositions"] for rule in d["rules"]):
            self.waiting[record.id] = head["received"]

    def forget(self, now: int) -> None:
        """Forget records whose receipt was sealed long before: it does not come any more. now: ms."""
        self.settled = {id_: at for id_, at in self.settled.items() if now - at < DAY_MS}


class RescreeningFollower:
    """The projection of one data folder, from where it was saved."""

    def __init__(self, data: Path, files: Files = OS_FILES) -> None:
        self._data = data
        self._files = files
        self.again = load(data)
        self._saved = encode(self.again)
        self._tail = Tail(data, self.again.positions, bodies=False)
        self._catch_up()

    def waiting(self) -> dict[bytes, int]:
        """The captures that wait now."""
        while True:
            records = self._tail.poll()
            sealed = self._catch_up()  # after reading, so that no file was removed in between
            for record in records:
                self.again.apply(record)
            if not records and not sealed:
                return self.again.waiting

    def save(self, now: int) -> None:
        """Keep it for the next start. now: ms."""
        self.again.forget(now)
        if (content := encode(self.again)) != self._saved:
            self._files.make_folder(path_of(self._data).parent, levels=0)
            self._files.replace(path_of(self._data), content)
            self._saved = content

    def _catch_up(self) -> bool:
        """Apply the records that were sealed before they were read. Returns whether there were any."""
        retired = _retired(self._data)
        spans = [
            (n, self.again.positions.get(n, 0) + 1, last) for n, last in retired.items() if last > self.again.positions.get(n, 0)
        ]
        problems: list[str] = []
        for record in replay.sealed_between(self._data, spans, problems) if spans else ():
            self.again.replay(record)
        for problem in problems:
            log.warning("what is to be screened again is not known completely", problem=problem)
        for name, _, last in spans:
            self.again.positions[name] = last
            if self._tail.positions.get(name, 0) < last:
                self._tail.passed(name, last)
        return bool(spans)


def path_of(data: Path) -> Path:
    return data / "outstanding" / "again"


def load(data: Path) -> RescreeningState:
    """Load the saved state. If it is absent or unreadable, take the pending captures among the outstanding recipients, and the
    records of journals."""
    try:
        h = orjson.loads(path_of(data).read_bytes())
        if h["v"] == _VERSION:
            again = RescreeningState()
            again.positions = dict(h["positions"])
            again.waiting = {bytes.fromhex(id_): at for id_, at in h["waiting"].items()}
            again.settled = {bytes.fromhex(id_): at for id_, at in h["settled"].items()}
            return again
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.error("what is to be screened again is taken from who is outstanding", error=type(error).__name__)
    again = RescreeningState()
    again.positions = _retired(data)
    again.waiting = {entry.id: entry.received for entry in outstanding_file.current(data).pending()}
    return again


def _retired(data: Path) -> Positions:
    """The last record of each journal that is in segments only."""
    top = journal.folder(data)
    return {name: last for name in journal.names(data) if (last := journal.read_retired(top / name))}


def encode(again: RescreeningState) -> bytes:
    """The content of the file."""
    return orjson.dumps(
        {
            "v": _VERSION,
            "positions": again.positions,
            "waiting": {id_.hex(): at for id_, at in again.waiting.items()},
            "settled": {id_.hex(): at for id_, at in again.settled.items()},
        },
        option=orjson.OPT_SORT_KEYS,
    )
