"""My mail among 500,000 messages: first screen, queries, paging, one message and the completion of addresses, in one warm process.

The index is made as the index job makes it, of short messages between 6,200 mailboxes over three years. One person has some ten
thousand of them, in the archive too, sealed: how what was sent stands is read there. The database has 6,200 people. Pages are asked
through the whole stack of the web process but for the listening socket.
"""

from __future__ import annotations

import gc
import hashlib
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import town as made
from bench.people import _feed, _fill, _installation
from bench.report import Report, Row
from bench.scratch import scratch
from neighbours.civic import civicmail

PART = "mailbox"
MESSAGES = 500_000
MAILBOXES = 6200
HERS = 50
"""One in so many messages is from or to her."""
HER = "dana.ortiz@city.example"
DAYS = 900
TARGET_MS = 100.0
REQUESTS = 40
PAGES = 20
"""Pages of a list whose lines are requested."""
_WORDS = [f"word{n:04}" for n in range(4000)]
QUESTIONS = {
    "first screen": "/mail/",
    "a word": "/mail/?q=word0007",
    "a word, sent, since": "/mail/?q=word0007&direction=sent&since=2026-01-01",
    "a phrase or a sender": '/mail/?q="word0007 word0008" OR from:m00017@city.example',
    "what is not there": "/mail/?q=-word0007 -bcc:m00017",
    "size": "/mail/?q=larger:300",
    "held": "/mail/?state=held",
}


def run(report: Report, *, messages: int = MESSAGES, people: int = made.PEOPLE, requests: int = REQUESTS) -> None:
    """All rows."""
    with scratch() as top:
        data = _installation(top / "data")
        _feed(made.personnel_list(people))
        t = _fill(report, "SQLite")
        begun = time.perf_counter()
        hers = _index(data, messages)
        report.note(f"{messages:,} messages in the index, {hers:,} of them hers, made in {time.perf_counter() - begun:.0f} s")
        civicmail("tick", data=data)
        _pages(report, t, requests)


def _index(data: Path, messages: int) -> int:
    """Index and archive; how many are hers."""
    from civicmail.core.disk import journal
    from civicmail.mail.archive.commit import Writer
    from civicmail.mail.archive.records import Event, Type
    from civicmail.mail.search import coverage
    from civicmail.mail.search.documents import document_of
    from civicmail.mail.search.index import BULK_HEAP, Indexes
    from civicmail.mail.search.schema import VERSION

    now = time.time_ns() // 1_000_000
    generation = coverage.top(data) / "1"
    indexes = Indexes(generation, heap=BULK_HEAP)
    hers = 0
    with closing(Writer(data, lambda: now)) as writer:
        for n, (capture, body, fields) in enumerate(_mail(messages, now)):
            indexes.add(document_of(capture, b"", fields), replay=False)
            if HER in (capture.envelope.sender, *(r.address for r in capture.envelope.recipients)):
                hers += 1
                writer.receipt(capture, body)
                for to in range(len(capture.envelope.recipients)):
                    writer.event(
                        Event(Type.DELIVERED, capture.id, capture.received + 500, (to,), {"try": 1, "reply": "250 stored"})
                    )
                if hers % 500 == 0:
                    writer.flush()
            if n % 100_000 == 99_999:
                indexes.commit()
        writer.flush()
    indexes.commit()
    indexes.close()
    top = journal.folder(data)
    covered = {name: journal.read_durable(top / name) for name in journal.names(data)}
    coverage.save(generation, coverage.Coverage(VERSION, covered))
    coverage.make_current(generation)
    return hers


def _mail(count: int, now: int) -> Iterator[tuple[Any, bytes, Any]]:
    """Between mailboxes of the city and strangers, in order of receipt: capture, bytes, and what a parse would give."""
    from civicmail.city.policy.dispositions import Disposition
    from civicmail.core.message.model import Address, Envelope, Fields, Recipient
    from civicmail.mail.archive.identity import capture_id
    from civicmail.mail.archive.records import Capture, Source

    chance = random.Random(1)
    step = DAYS * 86_400_000 // count
    for n in range(count):
        at = now - (count - n) * step
        people = [f"m{chance.randrange(MAILBOXES):05}@city.example" for _ in range(chance.choice((2, 2, 2, 3, 4)))]
        if n % HERS == 0:
            people[chance.randrange(2)] = HER
        sender, to = (people[0], people[1:]) if chance.random() < 0.4 else (f"s{chance.randrange(9000)}@outside.example", people)
        words = " ".join(chance.choices(_WORDS, k=40))
        header = f"From: <{sender}>\r\nTo: {', '.join(to[:2])}\r\nSubject: {words[:60]}\r\nMessage-ID: <{n}@bench.example>"
        body = f"{header}\r\n\r\n{words}\r\n".encode()
        from_, *named = (Address("", *a.split("@")) for a in (sender, *to[:2]))
        message_id = f"{n}@bench.example"
        fields = Fields(words[:60], (from_,), tuple(named), (), (), None, message_id, (), (), "", words, (), None, (), 0)
        inside = sender.endswith("@city.example")
        recipients = tuple(Recipient(a) for a in dict.fromkeys(to))
        capture = Capture(
            capture_id(at), at, hashlib.sha256(body).digest(), len(body), bytes(32), Source("submission" if inside else "mx"),
            Envelope(sender, recipients, at, login="p/x" if inside else ""),
            tuple(Disposition(i, "deliver", ("deliver",)) for i in range(len(recipients))), message_id=message_id,
        )  # fmt: skip
        yield capture, body, fields


def _pages(report: Report, t: Any, requests: int) -> None:
    """The first request of a process opens the index and is reported separately."""
    import html
    import re

    from django.test import Client

    from pages.world import signed_in

    gc.collect()
    gc.freeze()
    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.cookies["sessionid"] = signed_in(t.people["crew0"])
    took, page = _get(client, "/mail/")
    report.add(Row(PART, "civicmail", "first screen of a cold process", took, "ms"))
    older = re.search(r'<a href="([^"]*)" rel="next">', page)
    one = re.search(r'href="(/mail/[0-9a-f-]{36}/)"', page)
    assert older and one, page[:2000]
    paths = {**QUESTIONS, "the next page": html.unescape(older[1]), "one message": one[1], "its delivery": f"{one[1]}delivery/"}
    paths["correspondents of one letter"] = "/mail/write/people/?q=s"
    paths["correspondents of a name"] = "/mail/write/people/?q=m0001"
    for what, path in paths.items():
        mine = sorted([_get(client, path)[0] for _ in range(requests + 2)][2:])
        target = f"<= {TARGET_MS:g}" if what != "one message" else "<= 150"
        report.add(Row(PART, "civicmail", f"{what}, p95", mine[len(mine) * 95 // 100], "ms", None, target))
        report.note(f"{what}: median {statistics.median(mine):.0f} ms")
    _lines(report, client, html.unescape(older[1]))


def _lines(report: Report, client: Any, path: str) -> None:
    """What script asks for after a list is there: a line of each of its messages. At first they come from the archive, a page of
    older messages each time; asked again, from memory."""
    import html
    import re

    first, again = [], []
    for _ in range(PAGES):
        page = _get(client, path)[1]
        ids = re.findall(r'href="/mail/([0-9a-f-]{36})/"', page)
        lines = "/mail/lines/?" + "&".join(f"id={id_}" for id_ in dict.fromkeys(ids))
        took, answer = _get(client, lines)
        assert answer.count("[[") >= len(set(ids)) // 2, answer[:500]
        first.append(took)
        again.append(_get(client, lines)[0])
        older = re.search(r'<a href="([^"]*)" rel="next">', page)
        if older is None:
            break
        path = html.unescape(older[1])
    for what, took_ in (("lines of a page, read, p95", first), ("lines of a page, known, p95", again)):
        report.add(Row(PART, "civicmail", what, sorted(took_)[len(took_) * 95 // 100], "ms", None, "<= 60"))


def _get(client: Any, path: str) -> tuple[float, str]:
    begun = time.perf_counter()
    response = client.get(path)
    content = response.content.decode()
    took = 1000 * (time.perf_counter() - begun)
    assert response.status_code == 200, f"{path}: {response.status_code} {content[:500]}"
    return took, content
