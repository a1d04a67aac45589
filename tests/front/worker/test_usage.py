"""What a mailbox is used for is one number wherever it stands: review, page of the person, trace (P-05, P-28)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from city.conduct.asked import Works, row
from city.identity.staff import MS
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.identity.models import Usage
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.front.web.system.trace_search import TraceQuery, find
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.reading import Archive
from civicmail.mail.archive.records import Source
from civicmail.mail.archive.status_index import StatusIndex
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_quarantine import words
from front.worker.rounds import PEOPLE, once
from pages.world import signed_in

LETTER = b"From: ana@out.example\r\nSubject: x\r\nMessage-ID: <%d@out.example>\r\n\r\nHello.\r\n"
BOX, ALIAS, OUTSIDE = "w0@city.example", "w.zero@city.example", "ana@out.example"
AUDITOR = Actor("p-admin", "Noor", (HeldRole("system-administrator", active_until=MS + 400 * 86_400_000),))
PLAYED = (
    ("mx", OUTSIDE, "", (BOX,), "deliver"),
    ("mx", OUTSIDE, "", (BOX,), "mark"),
    ("relay", "scanner@city.example", "", (BOX, ALIAS), "deliver"),
    ("submission", BOX, "w0/phone", (OUTSIDE,), "deliver"),
    ("submission", BOX, "w0/phone", (OUTSIDE, BOX), "encrypt"),
    ("submission", BOX, "w0/phone", (OUTSIDE,), "refuse"),
    ("mx", OUTSIDE, "", (BOX,), "refuse"),
    ("mx", OUTSIDE, "", (BOX,), "quarantine"),
    ("local", "civicmail@city.example", "", (BOX,), "deliver"),
    ("local", "civicmail@city.example", "", (BOX,), "deliver"),
    ("import", OUTSIDE, "", (BOX,), "kept"),
)
"""Door, return address, who signed in, to whom, what was done. An alias is of the same mailbox, and the record says so."""


def play(data: Path) -> None:
    with closing(Writer(data, lambda: MS)) as writer:
        for n, (door, sender, login, to, do) in enumerate(PLAYED):
            at, body = MS - 86_400_000 + n, LETTER % n
            boxes = tuple(Recipient(one, box=BOX if one == ALIAS else "") for one in to)
            made = capture_of(
                capture_id(at), scan(body), Envelope(sender, boxes, at, client="192.0.2.1", login=login), Source(door)
            )
            writer.receipt(replace(made, dispositions=tuple(Disposition(i, do) for i in range(len(to)))), body)  # type: ignore[arg-type]
        writer.flush()


@pytest.mark.rule(
    "P-05, P-28",
    "Review, page of the person and trace agree about the same mail: one message counts once for a mailbox, without "
    "rejected and held ones, and system notices separately.",
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("frozen")
def test_review_person_and_trace_say_the_same_of_the_same_mail(installed: Path) -> None:
    """Counted by the worker, asked in a review, shown on the page, and found on the trace, one by one."""
    works = Works(1)
    (installed / "claimed").touch()
    play(installed)
    once(installed, *PEOPLE, now=MS)
    archive, asked = Archive(installed), TraceQuery(MS - 90 * 86_400_000, MS, recipient=BOX)
    statuses = StatusIndex(installed)
    came = find(archive, None, (), asked, statuses=statuses, actor=AUDITOR, now=MS).rows
    went = find(archive, None, (), replace(asked, recipient="", sender=BOX), statuses=statuses, actor=AUDITOR, now=MS).rows
    assert len(came) == 9 and len(went) == 3, "the trace shows each, whatever became of it"
    sent, received, notices = 2, 4, 2
    assert sum(t.status != "refused" for t in went) == sent
    assert len(came) - notices - 3 == received, "one was refused, one kept back, one imported"
    review = works.start(now=MS)
    said = row(review, "w0").asked
    assert (said["sent"], said["received"], said["notices"], said["retrieved"]) == (sent, received, notices, 0)
    client = Client()
    client.cookies["sessionid"] = signed_in(works.hank)
    page = words(client.get("/dept/works/people/w0/"))
    evidence = f": {sent} sent, {received} received, 0 times read, {notices} notices of the system itself."
    assert evidence in page and f"Mar 2026 {sent} {received} 0 {notices}" in page
    assert evidence in words(client.get(f"/dept/works/reviews/{review.pk}/"))
    once(installed, *PEOPLE, now=MS)
    assert Usage.objects.get(mailbox__address=BOX).received == received, "and nothing twice"
