"""Finding by the envelope: page after page exactly what fits, with the index and without it (promise 8; I1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.web.system.trace_search import TraceQuery, find, fits
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.envelopes import STATUSES, MessageTrace
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.archive.status_index import StatusConsumer, StatusIndex
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from mail.archive.making import NOW, capture, seal, writer

ADMIN = Actor("p-admin", "Noor", (HeldRole("system-administrator", active_until=NOW + 120_000),))
SENDERS = ("", "ann@x.example", "Ann@X.example", "ann@y.example", "jo.ann@x.example", "postmaster")
TO = ("ben@city.example", "cleo@city.example", "ben@sub.city.example", "ann@x.example")
WANTED = (
    "",
    "<>",
    "ann@x.example",
    "ANN@X.EXAMPLE",
    "@x.example",
    "ann",
    "ben",
    "@city.example",
    "nobody@x.example",
    "postmaster",
    "*",
    "a b",
)
DO = ("deliver", "hold", "refuse", "kept")
COUNT = 40
LATER = NOW + 60_000


def letter(n: int) -> Capture:
    to = tuple(Recipient(TO[(n + k) % len(TO)]) for k in range(1 + n % 3))
    plain = capture(b"Subject: %d\r\n\r\n" % n, received=NOW + n * 1000 // 3)
    envelope = Envelope(SENDERS[n % len(SENDERS)], to, plain.received)
    return replace(plain, envelope=envelope, dispositions=tuple(Disposition(i, DO[(n // 2 + i) % 4]) for i in range(len(to))))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half of it sealed, half in journals, all in the indexes."""
    data = tmp_path_factory.mktemp("traced")
    statuses = JournalReader(data, StatusConsumer(data, NOW), lambda: NOW)
    for half in (range(COUNT // 2), range(COUNT // 2, COUNT)):
        w = writer(data)
        for n in half:
            one = letter(n)
            w.receipt(one, b"Subject: %d\r\n\r\n" % n)
            if n % 5 == 0 and one.dispositions[0].do == "deliver":
                w.event(Event(Type.DELIVERED if n % 2 else Type.FAILED, one.id, NOW + n, (0,), {"reply": "done", "dsn": 0}))
        w.flush()
        w.close()
        job = IndexJob.take(data)
        while job.step(NOW):
            pass
        job.close()
        statuses.all()
        if half.start == 0:
            outstanding_file.advance(data, NOW)
            seal(data)
    return data


TIMES = st.integers(NOW - 1000, NOW + 15_000)
QUESTIONS = st.builds(
    TraceQuery,
    TIMES,
    TIMES,
    st.sampled_from(WANTED),
    st.sampled_from(WANTED),
    st.none() | st.sampled_from(STATUSES),
    party=st.sampled_from(WANTED),
)


@settings(max_examples=150)
@given(asked=QUESTIONS, with_index=st.booleans(), with_statuses=st.booleans(), most=st.integers(1, 9), looks=st.integers(1, 9))
def test_page_after_page_gives_exactly_what_fits_newest_first(
    kept: Path, asked: TraceQuery, with_index: bool, with_statuses: bool, most: int, looks: int
) -> None:
    archive, reader = Archive(kept), Reader(kept) if with_index else None
    statuses = StatusIndex(kept if with_statuses else kept / "none")
    everything = [archive.envelope(ADMIN, p, now=NOW) for p in archive.captures(newest_first=True)]
    current = outstanding_file.current(kept)
    waiting = {e.id for e in (*current.waiting(), *current.held())}
    found: list[MessageTrace] = []
    for _ in range(2 * COUNT + 2):
        answer = find(archive, reader, waiting, asked, statuses=statuses, actor=ADMIN, now=LATER, most=most, looks=looks)
        assert len(answer.rows) <= most and answer.looked <= looks and not answer.unread
        found += answer.rows
        if not answer.more:
            break
        asked = replace(asked, before=answer.more)
    assert not answer.more
    assert [t.uuid for t in found] == [t.uuid for t in everything if fits(t, asked)]
    assert answer.window == sum(asked.since <= t.received <= asked.until for t in everything)


def test_only_an_operator_finds_anything(kept: Path) -> None:
    asked = TraceQuery(NOW, NOW + 15_000)
    with pytest.raises(NotPermitted):
        find(Archive(kept), None, (), asked, statuses=StatusIndex(kept), actor=replace(ADMIN, held=()), now=NOW)


@pytest.mark.rule("P-17, promise 8", "A trace for a rare state reads the envelopes that may have it, not all others.")
def test_a_rare_state_is_found_without_reading_the_others(kept: Path) -> None:
    """Two of forty messages failed: no more envelopes are read than those that may have the state."""
    archive, question = Archive(kept), TraceQuery(NOW, NOW + 15_000, status="failed")
    everything = [archive.envelope(ADMIN, p, now=NOW) for p in archive.captures(newest_first=True)]
    failed = [t.uuid for t in everything if t.status == "failed"]
    answer = find(archive, None, (), question, statuses=StatusIndex(kept), actor=ADMIN, now=LATER, looks=len(failed))
    assert failed and [t.uuid for t in answer.rows] == failed
    assert answer.looked == len(failed) and not answer.more
