"""Warnings in a copy from outside, for any mail program (P-31): a header line, rewritten links, a warning banner.

The copy is made at delivery, after all signatures were checked; the archived message is unchanged. `sent` of the `delivered` record
contains the replacements, so that the copy can be rebuilt. In mail that leaves the city they are reversed. After an error of ours
the copy is delivered without marks, with a line in the log: no mail waits for them.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from civicmail.city.notices import signed_links
from civicmail.city.notices.signed_links import KeyRing, Token
from civicmail.city.snapshot.published_snapshot import SnapshotWatcher
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.message import link_places, text_parts
from civicmail.core.message.edits import Change, Edit
from civicmail.core.message.link_places import Place
from civicmail.core.message.text_parts import TextPart
from civicmail.mail.archive.commit import SPOOL_ABOVE
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier import link_rewriting, restore_links, warning_banner
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.screening.correspondents import MappedCorrespondents
from civicmail.mail.screening.knownhosts import KnownHosts
from civicmail.mail.screening.screener import is_inbound

log = get_logger()

OUTSIDE = frozenset({"mx", "lmtp"})
OURS = frozenset({"submission", "relay"})
EXTERNAL = ("external", "This message came from outside the city.")
MAX_LINKS = 2_000
"""Links of one copy that are rewritten: no person writes more, and the record of replacements must be limited."""
DAYS_MS = 30 * 86_400_000
"""How long the links of the line of doubt work."""
_MAX_SIZE = 16 << 20
"""Maximum size in bytes of a message from outside that is rewritten; outgoing mail has no limit."""
_MAY = (b"://", b"www.")


@dataclass(frozen=True, slots=True)
class CopyMarks:
    """marks: for header lines, beside those of rules; replaced: for the `sent` object of the record."""

    marks: tuple[tuple[str, str], ...] = ()
    replaced: list[list[Any]] = field(default_factory=list)


class CopyMarker:
    """clock: ms since 1970. One for a courier; any thread."""

    def __init__(self, data: Path, settings: Settings, clock: Callable[[], int]) -> None:
        self._data = data
        self._rules = settings.marks
        self._clock = clock
        self._base = (settings.marks.url or settings.web.url).rstrip("/")
        self._people = MappedCorrespondents(data)
        self._settings = settings
        self._watch: SnapshotWatcher | None = None

    def is_single(self, kind: str) -> bool:
        """Whether every reader's copy has links of its own, so that no copy is sent to two readers."""
        return bool(self._base) and kind in OUTSIDE and bool(self._rules.links or self._rules.doubt)

    def mark(
        self, kept: ArchivedMessage, index: int, target: str, rule_marks: Iterable[tuple[str, str]], *, inside: bool
    ) -> CopyMarks:
        """Mark the copy of one recipient. target: its mailbox or address; told: the marks of rules. Blocks for a large message."""
        capture = kept.capture
        inbound = is_inbound(capture.source.kind, capture.envelope)
        marks = (EXTERNAL,) if inbound and inside and self._rules.external else ()
        try:
            if inbound and inside:
                return CopyMarks(marks, self._marked_changes(kept, index, target, rule_marks))
            if not inside and capture.source.kind in OURS:
                return CopyMarks(marks, self._restored_changes(kept))
        except Exception as error:  # noqa: BLE001 - without marks is better than not at all
            log.error("a copy was delivered without marks", capture=capture.uuid, error=type(error).__name__)
        return CopyMarks(marks)

    # -- from outside

    def _marked_changes(
        self, kept: ArchivedMessage, index: int, target: str, rule_marks: Iterable[tuple[str, str]]
    ) -> list[list[Any]]:
        if not self._base or kept.capture.size > _MAX_SIZE:
            return []
        wraps, doubts = self._is_on(self._rules.links, target), self._is_on(self._rules.doubt, target)
        if not (wraps or doubts):
            return []
        with _bytes(kept) as raw:
            parts = text_parts.opened(raw)
        marks = list(rule_marks)
        why = (
            warning_banner.reason(marks, self._rules.doubts, kept.capture.facts, (part.content for part in parts)) if doubts else ""
        )
        if not why and not (wraps and any(word in part.content for part in parts for word in _MAY)):
            return []
        maker = _Copy(signed_links.ring(self._data), self._base, kept.capture, index, self._hosts() if wraps else None)
        return _plain(maker.changes(parts, why))

    def _hosts(self) -> KnownHosts:
        return KnownHosts.from_settings(self._settings, self._base, self._people.at(self._clock()))

    def _is_on(self, departments: list[str], target: str) -> bool:
        if "*" in departments or not departments:
            return bool(departments)
        if self._watch is None:
            self._watch = SnapshotWatcher(self._data, self._clock)
        mailbox = self._watch.current.mailbox_of(target) if self._watch.current is not None else None
        return mailbox is not None and mailbox.department in departments

    # -- to the outside

    def _restored_changes(self, kept: ArchivedMessage) -> list[list[Any]]:
        if not self._base or not signed_links.key_path(self._data).exists():
            return []
        with _bytes(kept) as raw:
            parts = text_parts.opened(raw, attached=True)
        name, changes = (urlsplit(self._base).hostname or self._base).encode(), list[Change]()
        for part in parts:
            if name in part.content:
                changes += part.changes(restore_links.restore(part, self._base, signed_links.ring(self._data)))
        return _plain(changes)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One reader's copy. hosts: that links may lead to at once; None: all."""

    ring: KeyRing
    base: str
    capture: Capture
    index: int
    hosts: KnownHosts | None

    def changes(self, parts: list[TextPart], why: str) -> Iterator[Change]:
        left, lined = MAX_LINKS, set[bool]()
        for part in parts:
            read = link_places.read(part.content, is_html=part.is_html)
            edits: list[Edit] = []
            if why and part.is_html not in lined and read.top >= 0:
                lined.add(part.is_html)
                edits.append(warning_banner.banner_edit(part, read.top, self._banner(why)))
            hosts = self.hosts
            checked = list(islice((p for p in read.places if hosts is not None and hosts.needs_check(p.url)), left))
            left -= len(checked)
            yield from part.changes([*edits, *filter(None, map(self._rewritten, checked))])

    def _rewritten(self, place: Place) -> Edit | None:
        return link_rewriting.rewrite(place, self.base, self.ring, self.capture.id, self.index)

    def _banner(self, why: str) -> warning_banner.Banner:
        until = self.capture.received + DAYS_MS
        verify, report = (self.ring.sign(Token(for_, self.capture.id, self.index, until)) for for_ in ("verify", "report"))
        return warning_banner.Banner(why, f"{self.base}/verify/{verify}/", f"{self.base}/report/{report}/")


def _plain(changes: Iterable[Change]) -> list[list[Any]]:
    """As `replaced` of a `delivered` record has them: in the order of the message."""
    return [[change.offset, change.length, change.text] for change in sorted(changes, key=lambda c: c.offset)]


@contextmanager
def _bytes(kept: ArchivedMessage) -> Iterator[bytes | mmap.mmap]:
    """The archived bytes without a copy in memory; their integrity is checked when they leave."""
    if kept.spool is None or kept.capture.size <= SPOOL_ABOVE:
        yield kept.body if kept.spool is None else kept.spool.read_bytes()
        return
    with kept.spool.open("rb") as h, mmap.mmap(h.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped
