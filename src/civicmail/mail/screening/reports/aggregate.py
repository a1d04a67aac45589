"""Parse a DMARC aggregate report (RFC 9990, RFC 7489 Appendix C) from XML with expat. No entity is expanded and nothing is opened;
a broken document gives its rows before the error. Pure; runs in the sandboxed process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from civicmail.core.sandbox.errors import DAMAGED, ENTITIES, TOO_DEEP, Unreadable
from civicmail.mail.screening.reports.shapes import MAX_ROWS, MAX_TEXT, Aggregate, Source, number, text

MAX_DEPTH = 20
_MAX_LIST = 10  # results of DKIM or SPF in one row
_PIECE = 1 << 16


def read(xml: bytes, tick: Callable[[], None]) -> Aggregate:
    """The report. tick: raises after too much time. Raises Unreadable if it is no such report."""
    for attempt in _attempts(xml.strip()):
        reader, whole = _parsed(attempt, tick)
        if whole or reader.sources:
            reader.cut = reader.cut or not whole
            return reader.report()
    raise Unreadable(DAMAGED)


def _attempts(xml: bytes) -> Iterator[bytes]:
    """As it is; with letters for bytes that are none; without what reporters have put around or before the part that matters."""
    yield xml
    plain = xml.decode("utf-8", "replace").encode()
    if plain != xml:
        yield plain
    for start, before in ((b"<feedback", b""), (b"<policy_published", b"<feedback>")):
        at = plain.find(start)
        if at > 0:
            yield before + plain[at:]


def _parsed(xml: bytes, tick: Callable[[], None]) -> tuple[_Reader, bool]:
    """The parsed rows, and whether they are complete."""
    reader = _Reader(tick)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = reader.declares
    parser.DefaultHandler = reader.other  # its presence keeps expat from expanding entities
    try:
        for at in range(0, len(xml), _PIECE):
            tick()
            parser.Parse(xml[at : at + _PIECE], False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        return reader, False
    return reader, True


class _Reader:
    """Values by their path below the root; a row is done when its record ends."""

    def __init__(self, tick: Callable[[], None]) -> None:
        self._tick = tick
        self._path: list[str] = []
        self._held: list[str] = []
        self._size = 0
        self._values: dict[str, str] = {}
        self._signed: list[str] = []
        self._envelope: list[str] = []
        self._head: dict[str, str] = {}
        self.sources: list[Source] = []
        self.cut = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise Unreadable(TOO_DEEP)
        self._path.append(name.rpartition(" ")[2][:40].lower())
        self._held, self._size = [], 0

    def characters(self, piece: str) -> None:
        if self._size < MAX_TEXT:
            self._held.append(piece[:MAX_TEXT])
            self._size += len(piece)

    def end(self, _name: str) -> None:
        path, value = "/".join(self._path[1:]), text("".join(self._held))
        self._path.pop()
        self._held, self._size = [], 0
        if path == "record":
            self._row()
        elif path.startswith("record/"):
            self._kept(path.removeprefix("record/"), value)
        elif value and len(self._head) < 100:
            self._head.setdefault(path, value)

    def declares(self, *_: Any) -> None:
        raise Unreadable(ENTITIES)

    def other(self, _data: str) -> None:
        return

    def report(self) -> Aggregate:
        """Raises Unreadable where it was something else."""
        head = self._head
        if "policy_published/domain" not in head and not self.sources:
            raise Unreadable(DAMAGED)
        return Aggregate(
            reporter=head.get("report_metadata/org_name", "") or head.get("report_metadata/email", ""),
            id=head.get("report_metadata/report_id", ""),
            domain=head.get("policy_published/domain", "").lower(),
            begin=number(head.get("report_metadata/date_range/begin", "")),
            end=number(head.get("report_metadata/date_range/end", "")),
            policy=head.get("policy_published/p", "").lower(),
            sources=tuple(self.sources),
            cut=self.cut,
        )

    def _kept(self, path: str, value: str) -> None:
        if path == "auth_results/dkim/domain" and len(self._signed) < _MAX_LIST:
            self._signed.append(value.lower())
        elif path == "auth_results/spf/domain" and len(self._envelope) < _MAX_LIST:
            self._envelope.append(value.lower())
        elif value and len(self._values) < 50:
            self._values.setdefault(path, value)

    def _row(self) -> None:
        values, signed, envelope = self._values, self._signed, self._envelope
        self._values, self._signed, self._envelope = {}, [], []
        self._tick()
        if len(self.sources) >= MAX_ROWS:
            self.cut = True
            return
        judged = "row/policy_evaluated"
        self.sources.append(
            Source(
                address=values.get("row/source_ip", ""),
                count=number(values.get("row/count", "")),
                did=values.get(f"{judged}/disposition", "").lower(),
                dkim=values.get(f"{judged}/dkim", "").lower(),
                spf=values.get(f"{judged}/spf", "").lower(),
                author=values.get("identifiers/header_from", "").lower(),
                signed=tuple(dict.fromkeys(signed)),
                envelope=tuple(dict.fromkeys(envelope)),
            )
        )
