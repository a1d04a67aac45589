"""Reads of cases for pages and jobs: the case of a message, similar messages, and who has them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from civicmail.city.directory.models import Address, Person
from civicmail.core.disk.errors import DamagedFile
from civicmail.core.query.fold import exact, fold
from civicmail.core.query.parse import parse
from civicmail.core.query.scopes import RECEIVED, received_by
from civicmail.core.query.tree import And, Everything, Range, Token, Tree, Words
from civicmail.desk.holding.queries import held_copies
from civicmail.desk.incidents.link_destination import KnownIncidents
from civicmail.desk.incidents.models import Case, Mark, Opening, Pull, Pulled
from civicmail.desk.incidents.similar_messages import MAX_CANDIDATES, SPREAD_DAYS, Copy, Likeness, copies_of, narrowed
from civicmail.desk.mailbox.queries import opened_copies
from civicmail.desk.viewer.queries import store
from civicmail.mail.archive.envelopes import MessageTrace, trace_of
from civicmail.mail.archive.errors import KeyMissing, NotInArchive
from civicmail.mail.archive.records import Capture, Event
from civicmail.mail.pipeline.fingerprint_client import FingerprintReader
from civicmail.mail.pipeline.fingerprints import Fingerprint, ReportContent
from civicmail.mail.screening import bands
from civicmail.mail.search.search import search

TAKEN = ("taken", "gone", "elsewhere")
"""States of a copy that was taken back; in another system it lies there still."""
COMMON_HOST = 50
"""Number of other messages with a host above which the host is common and says nothing."""
MAX_COMPARED = 50
"""Cases, and messages of one, that a message is compared with."""
UNREADABLE = (NotInArchive, DamagedFile, KeyMissing)


def values(marks: Fingerprint) -> list[tuple[str, str]]:
    """Marks as rows store them: (kind, value)."""
    bands_ = [("band", band) for band in marks.bands]
    return [("text", marks.text), *bands_, *(("link", link) for link in sorted(marks.links))]


def case_like(capture: str, marks: Fingerprint, since: datetime, *, genuine: bool = True) -> Case | None:
    """The case of a similar message: an open one, else one that was answered since then about nearly the same text. A link alone
    does not match an answered case. "Genuine" applies only to the very message that was judged so: attackers reuse its words with
    another link, file or sender. genuine: no if a check has new evidence."""
    same = Mark.objects.filter(kind="text", value=marks.text)
    near = Mark.objects.filter(kind="band", value__in=marks.bands).values("case").annotate(n=Count("id"))
    ids = {*same.values_list("case", flat=True), *near.filter(n__gte=bands.ALIKE).values_list("case", flat=True)}
    linked = set(Mark.objects.filter(kind="link", value__in=marks.links).values_list("case", flat=True))
    if (case_ := Case.objects.filter(pk__in=ids | linked, state="open").first()) is not None:
        return case_
    answered = Case.objects.filter(pk__in=ids, answered__gt=since)
    if (case_ := answered.filter(state="right").first()) is not None:
        return case_
    called = answered.filter(state="genuine") if genuine else Case.objects.none()
    return next((case for case in called[:MAX_COMPARED] if _is_of(case, capture)), None)


def _is_of(case: Case, capture: str) -> bool:
    """Whether it is a message of the case, or equal byte for byte except for its path."""
    captures = captures_of(case)[:MAX_COMPARED]
    if capture in captures:
        return True
    capture_record = record(capture)
    return capture_record is not None and any(
        (other := record(c)) is not None and other.content_hash == capture_record.content_hash for c in captures
    )


def captures_of(case: Case) -> list[str]:
    """Numbers of the reported messages, each once; a report stands for a message that we do not have."""
    numbers = [case.capture] if case.known else []
    return list(dict.fromkeys([*numbers, *case.reports.exclude(capture="").values_list("capture", flat=True)]))


def is_more(case: Case, capture: str) -> bool:
    """Whether this is another message of a dangerous case: neither reported before nor removed."""
    if case.state != "right" or capture in captures_of(case):
        return False
    return not Pulled.objects.filter(capture=capture).exclude(state__in=("nothing", "back")).exists()


def handed_over(case: Case) -> list[tuple[str, int]]:
    """Reported messages with their number of reporters, the most first."""
    counted = case.reports.values_list("capture").annotate(n=Count("id")).order_by("-n", "capture")
    return [(capture, n) for capture, n in counted]


def record(capture: str) -> Capture | None:
    """The record of a message; None if it is not archived any more, or unreadable."""
    recorded = _recorded(uuid.UUID(capture).bytes)
    return recorded[0] if recorded else None


def likeness_of(case: Case) -> Likeness:
    rows: dict[str, set[str]] = {"text": set(), "band": set(), "link": set()}
    for kind, value in Mark.objects.filter(case=case).values_list("kind", "value"):
        rows[kind].add(value)
    known = [marks for capture in captures_of(case) if (marks := marks_of(uuid.UUID(capture).bytes)) is not None]
    authors = {marks.author for marks in known} | {case.sender} | {link.partition(" ")[2] for link in rows["link"]}
    subjects = frozenset(marks.subject for marks in known if len(marks.subject) > 1)
    texts, bands_, links = (frozenset(rows[kind]) for kind in ("text", "band", "link"))
    return Likeness(texts, bands_, links, frozenset(a for a in authors if a), subjects)


@dataclass(frozen=True, slots=True)
class CopyList:
    """copies: of all similar captures; more: there may be others, because there were too many candidates."""

    copies: tuple[Copy, ...]
    captures: int
    more: bool = False


def find_copies(case: Case, words: str = "", *, now: int) -> CopyList:
    """Everybody in the city who has it, narrowed by an officer's words. Raises QueryError; LaterError if that is unknown now."""
    like = likeness_of(case)
    narrowing = narrowed(parse(words, now=datetime.fromtimestamp(now / 1000, UTC))) if words.strip() else Everything()
    since = now - SPREAD_DAYS * 86_400_000
    ids, more = _captures_matching(And((like.tree(since), narrowing)), f"case {case.pk}")
    reported = {uuid.UUID(capture).bytes for capture in captures_of(case)}
    ids |= reported if not words.strip() else set()
    fits = [id_ for id_ in ids if id_ in reported or ((marks := marks_of(id_)) is not None and like.fits(marks))]
    domains = frozenset(domain.lower() for domain in settings.CITY.city.domains)
    pending = to_be_taken(case)
    copies = [
        replace(has, state="taking") if has.can_be_taken and (has.capture, has.index) in pending else has
        for has in copies_of(_traced(sorted(fits)), domains)
    ]
    return CopyList(tuple(copies), len(fits), more)


def to_be_taken(case: Case) -> set[tuple[str, int]]:
    """(capture, index) of copies that a pull of it is about already, and that have no outcome yet."""
    waits = Pulled.objects.filter(pull__case=case, pull__state__in=("asked", "running"), state="waits")
    return set(waits.values_list("capture", "index"))


def remaining_copies(pull: Pull) -> QuerySet[Pulled]:
    """The copies that a removal, or its undoing, has yet to process."""
    return pull.copies.filter(state__in=["stopped", *TAKEN] if pull.state == "undoing" else ["waits"])


def taken_alone(case: Case) -> int:
    """Number of its copies that officers removed without a second person, without restored ones."""
    return Pulled.objects.filter(pull__case=case, pull__state__in=("running", "done"), pull__second__isnull=True).count()


def also_linked(case: Case, *, now: int) -> list[tuple[str, Fingerprint, str]]:
    """Other mail of the last weeks with a link to a host of the case, and the host; none for a host with so many links that it is
    no evidence."""
    like, since = likeness_of(case), now - SPREAD_DAYS * 86_400_000
    hosts = {link.partition(" ")[0] for link in like.links}
    linked = []
    for host in sorted(hosts):
        ids, _ = _captures_matching(And((RECEIVED, Range("received", since), Words("body", tuple(fold(host).split())))))
        marked = [(id_, marks) for id_ in sorted(ids) if (marks := marks_of(id_)) is not None and host in marks.hosts]
        others = [(str(uuid.UUID(bytes=id_)), marks, host) for id_, marks in marked if not like.fits(marks)]
        linked += others if len(others) <= COMMON_HOST else []
    return linked


def by_message_id(message_id: str, reporter: Iterable[str]) -> bytes | None:
    """The newest capture with this Message-ID that came to one of these addresses."""
    tree = And((Token("messageid", exact(message_id.strip("<> "))), received_by(list(reporter))))
    ids, _ = _captures_matching(tree)
    return max(ids, default=None)


def by_words(subject: str, quoted: Iterable[str], reporter: Iterable[str]) -> list[bytes]:
    """The newest capture with this subject that came to one of these addresses: with nearly the words whose bands are quoted, or
    the only one."""
    words = tuple(fold(subject).split())[:12]
    if not words:
        return []
    ids, _ = _captures_matching(And((Words("subject", words), received_by(list(reporter)))))
    candidates = [(id_, marks) for id_ in sorted(ids, reverse=True)[:50] if (marks := marks_of(id_)) is not None]
    same = set(quoted)
    near = [id_ for id_, marks in candidates if len(same & set(marks.bands)) >= bands.ALIKE]
    return near[:1] or ([candidates[0][0]] if len(candidates) == 1 else [])


def addresses_of(person: Person) -> frozenset[str]:
    """All addresses of a person's mailboxes."""
    return frozenset(Address.objects.filter(mailbox__holder=person, until__isnull=True).values_list("address", flat=True))


def known_of(capture: str, host: str) -> KnownIncidents:
    """Known incidents about a link's host: a dangerous case with this message, or with this host and sender, or with this host.

    Raises DatabaseError.
    """
    right = Case.objects.filter(state="right")
    if right.filter(Q(capture=capture) | Q(reports__capture=capture)).exists():
        return KnownIncidents(case=True)
    if Pulled.objects.filter(capture=capture, state__in=TAKEN).exists():
        return KnownIncidents(case=True)
    marked = Mark.objects.filter(case__state="right", kind="link", value__startswith=f"{host} ").values_list("value", flat=True)
    senders = {value.partition(" ")[2] for value in marked[:100]}
    message = record(capture) if senders else None
    author = str(message.facts.get("from.address", "") or message.envelope.sender).lower() if message is not None else ""
    return KnownIncidents(case=bool(author) and author in senders, host=bool(senders))


def linked_hosts(case: Case) -> list[str]:
    """Hosts that links of its messages lead to."""
    links = Mark.objects.filter(case=case, kind="link").values_list("value", flat=True)
    return sorted({link.partition(" ")[0] for link in links})


def readers(copies: Iterable[Copy]) -> set[tuple[str, str]]:
    """(mailbox, capture) of the copies that were opened in My mail."""
    opened = opened_copies((copy.mailbox, uuid.UUID(copy.capture).bytes) for copy in copies)
    return {(mailbox, str(uuid.UUID(bytes=capture))) for mailbox, capture in opened}


def openings(captures: Iterable[str]) -> list[Opening]:
    """Openings of dangerous links in these messages."""
    return list(Opening.objects.filter(capture__in=list(captures))[:1000])


def waiting() -> int:
    """Cases without an answer."""
    return Case.objects.filter(state="open").count()


def marks_of(id_: bytes) -> Fingerprint | None:
    """The marks of a message; None if it is not archived any more, or unreadable. Raises LaterError."""
    try:
        return marking().fingerprint(id_)
    except UNREADABLE:
        return None


def report_in(id_: bytes) -> ReportContent | None:
    """The content of a mailed report; None if it is deleted or unreadable. Raises LaterError."""
    try:
        return marking().report_content(id_)
    except UNREADABLE:
        return None


def marking() -> FingerprintReader:
    assert settings.DATA is not None, "cases have an installation"
    return _marking(Path(settings.DATA), tuple(domain.lower() for domain in settings.CITY.city.domains))


@lru_cache(maxsize=4)
def _marking(data: Path, domains: tuple[str, ...]) -> FingerprintReader:
    return FingerprintReader(data, domains)


def _captures_matching(tree: Tree, whose: str = "") -> tuple[set[bytes], bool]:
    """Captures that match, and whether there are more. whose: for whom words are searched; "" for a search by marks alone.
    Raises NotFinished."""
    reader = store().reader_for(whose, whole=True) if whose else store().reader()
    page = search(reader, tree, limit=MAX_CANDIDATES, scored=False)
    return {uuid.UUID(hit.id).bytes for hit in page.hits}, bool(page.cursor)


def _traced(ids: Iterable[bytes]) -> Iterator[MessageTrace]:
    for id_ in ids:
        if (recorded := _recorded(id_)) is not None:
            yield trace_of(*recorded)


def _recorded(id_: bytes) -> tuple[Capture, list[Event]] | None:
    try:
        return held_copies().record(id_)
    except UNREADABLE:
        return None
