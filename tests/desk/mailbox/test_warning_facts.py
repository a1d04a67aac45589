"""What a delivered copy tells in its header is told in My mail, too (P-31)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.policy.dispositions import Disposition, FactValue
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.mailbox import queries
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_quarantine import words
from mail.archive.making import UNSYNCED
from pages.cases import index
from pages.world import Town

pytestmark = pytest.mark.django_db
DANA = "dana.ortiz@city.example"


@pytest.mark.rule(
    "P-31, promise 4",
    "My mail shows the warnings of the delivered copy: from outside, and each mark of this reader's copy.",
)
@pytest.mark.rule("P-27, P-31", "For a doubtful message verification and reporting come before replying.")
@pytest.mark.parametrize(("kind", "told"), [("mx", True), ("submission", False)])
def test_mail_from_outside_says_so_with_the_marks_of_its_reader(
    kind: str, told: bool, city: Town, installed: Path, visit: Callable[[str], Client]
) -> None:
    """Where there is doubt, to ask and to report come before answering.

    My mail tells what the delivered copy tells: from outside, and each mark of this reader's copy, not of another's."""
    now = epoch_ms(city.now)
    body = b"From: Lena Vogt <lena@out.example>\r\nTo: dana.ortiz@city.example\r\nSubject: Kestrel\r\n\r\nHello.\r\n"
    envelope = Envelope("lena@out.example", (Recipient(DANA), Recipient("pat.nguyen@city.example")), now - 60_000)
    capture = capture_of(capture_id(now - 60_000), scan(body), envelope, Source(kind, "d"))
    mine = Disposition(0, "mark", ("x",), marks=(("lookalike", "Look at the end of the address."),))
    other = Disposition(1, "mark", ("x",), marks=(("other", "Only for Pat."),))
    capture = replace(capture, dispositions=(mine, other))
    with closing(Writer(installed, lambda: now, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, body)
        w.event(Event(Type.DELIVERED, capture.id, now - 50_000, (0, 1), {"hop": "maildir", "try": 1, "reply": "250"}))
        w.flush()
    index(installed, now)
    answer = visit("crew0").get(f"/mail/{uuid.UUID(bytes=capture.id)}/")
    page, shown = words(answer), answer.content.decode()
    row = words(visit("crew0").get("/mail/")) + words(visit("crew1").get("/mail/"))
    assert ("Flagged" in row) is told
    assert (shown.index("/verify/") < shown.index("/report/") < shown.index("how=reply")) is told
    assert ("From outside" in page) is told
    assert ("only looks like one that you know" in page) is told
    assert ("Look at the end of the address." in page) is told and "Only for Pat." not in page


@pytest.mark.rule("P-26, P-31", "A stranger under a colleague's name is listed by the true domain, with the name struck out.")
@pytest.mark.parametrize(
    ("mark", "word", "name"),
    [("staff-name", "Pretends to be staff", "<bdi>Lena Vogt</bdi></s>"), ("first-contact", "First contact", "<span>lena</span>")],
)
def test_a_list_says_who_pretends_to_be_whom(
    mark: str, word: str, name: str, city: Town, installed: Path, visit: Callable[[str], Client]
) -> None:
    now = epoch_ms(city.now)
    body = b"From: Lena Vogt <lena@out.example>\r\nTo: dana.ortiz@city.example\r\nSubject: A favor\r\n\r\nHello.\r\n"
    envelope = Envelope("lena@out.example", (Recipient(DANA), Recipient("pat.nguyen@city.example")), now - 60_000)
    capture = capture_of(capture_id(now - 60_000), scan(body), envelope, Source("mx", "d"))
    capture = replace(
        capture, dispositions=(Disposition(0, "mark", ("x",), marks=((mark, "Look."),)), Disposition(1, "deliver", ("x",)))
    )
    with closing(Writer(installed, lambda: now, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, body)
        w.event(Event(Type.DELIVERED, capture.id, now - 50_000, (0, 1), {"hop": "maildir", "try": 1, "reply": "250"}))
        w.flush()
    index(installed, now)
    page = visit("crew0").get("/mail/").content.decode()
    assert word in page and name in page and "<b>@out.example</b>" in page
    other = visit("crew2").get("/mail/").content.decode()
    assert "A favor" in other and word not in other


@pytest.mark.rule("P-26, P-31", "The warning of a message leads to its meaning, in each language.")
@pytest.mark.parametrize(("language", "word"), [("en", "Pretends to be staff"), ("es", "Se hace pasar por personal")])
def test_the_warning_leads_to_its_meaning_in_each_language(
    language: str, word: str, city: Town, installed: Path, visit: Callable[[str], Client]
) -> None:
    """In Spanish the word was translated before its meaning was looked up."""
    capture = _arrived(installed, epoch_ms(city.now), {})
    client = visit("crew0")
    client.post("/language/", {"language": language, "next": "/"})
    head = client.get(f"/mail/{uuid.UUID(bytes=capture.id)}/").content.decode().partition("cm-title")[2].partition("</div>")[0]
    assert word in head and 'href="/states/#pretender"' in head


@pytest.mark.rule("P-25, promise 6", "The checks that a message shows are those of its last screening.")
def test_the_checks_are_those_of_the_last_screening(city: Town, installed: Path, visit: Callable[[str], Client]) -> None:
    """A check was unavailable when it arrived, and ran later; an event without a screening changes nothing."""
    now = epoch_ms(city.now)
    capture = _arrived(installed, now, {"from.domain": "out.example", "files.count": 1, "unavailable": ("clamav",)})
    page = f"/mail/{uuid.UUID(bytes=capture.id)}/"
    assert "Files : could not be checked" in words(visit("crew0").get(page))
    later = {"do": "mark", "rules": ["x"], "facts": {"from.domain": "out.example", "files.count": 1}}
    with closing(Writer(installed, lambda: now, UNSYNCED, 1 << 20)) as w:
        w.event(Event(Type.DECIDED, capture.id, now - 40_000, (0,), later))
        w.event(Event(Type.DECIDED, capture.id, now - 30_000, (0,), {"do": "mark", "rules": ["x"]}))
        w.flush()
    shown = words(visit("crew0").get(page))
    assert "Files : could not be checked" not in shown and "no malware was found in it" in shown


def _arrived(installed: Path, now: int, facts: dict[str, FactValue]) -> Capture:
    """A delivered message from outside under a colleague's name. facts: of its screening."""
    body = b"From: Lena Vogt <lena@out.example>\r\nTo: dana.ortiz@city.example\r\nSubject: A favor\r\n\r\nHello.\r\n"
    envelope = Envelope("lena@out.example", (Recipient(DANA),), now - 60_000)
    made = capture_of(capture_id(now - 60_000), scan(body), envelope, Source("mx", "d"))
    capture = replace(made, dispositions=(Disposition(0, "mark", ("x",), marks=(("staff-name", "Look."),)),), facts=facts)
    with closing(Writer(installed, lambda: now, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, body)
        w.event(Event(Type.DELIVERED, capture.id, now - 50_000, (0,), {"hop": "maildir", "try": 1, "reply": "250"}))
        w.flush()
    index(installed, now)
    return capture


@pytest.mark.rule("P-26", "A message under a colleague's name shows the real address, strikes the name out, and turns links off.")
def test_a_name_that_is_not_the_sender_s_is_struck_out(
    city: Town, installed: Path, visit: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = epoch_ms(city.now)
    monkeypatch.setattr(queries, "people", lambda: build_snapshot(1, now, ("city.example",)))
    text = b"Buy four cards: http://claim.out.example/x\r\n"
    body = b"From: Pat Nguyen <office@out.example>\r\nTo: dana.ortiz@city.example\r\nSubject: A favor\r\n\r\n" + text
    pages = []
    for marks in (
        (("staff-name", "A colleague?"), ("first-contact", "Nobody knows it.")),
        (("first-contact", "Nobody knows it."),),
    ):
        at = now - 60_000 + len(pages)
        capture = capture_of(capture_id(at), scan(body), Envelope("office@out.example", (Recipient(DANA),), at), Source("mx", "d"))
        capture = replace(capture, dispositions=(Disposition(0, "mark", ("x",), marks=marks),))
        with closing(Writer(installed, lambda: now, UNSYNCED, 1 << 20)) as w:
            w.receipt(capture, body)
            w.event(Event(Type.DELIVERED, capture.id, now - 50_000, (0,), {"hop": "maildir", "try": 1, "reply": "250"}))
            w.flush()
        index(installed, now)
        pages.append(visit("crew0").get(f"/mail/{uuid.UUID(bytes=capture.id)}/").content.decode())
    doubted, known = pages
    assert "This is not Pat Nguyen’s city address" in doubted and "pat.nguyen@city.example" in doubted
    assert '<s><bdi dir="auto">Pat Nguyen</bdi></s>' in doubted and "office@<strong>out.example</strong>" in doubted
    assert "1 link is off." in doubted and doubted.count('href="http://claim.out.example/x"') == 1
    assert "<s>" not in known and "is off." not in known and "Nobody knows it." in doubted and "Nobody knows it." in known
