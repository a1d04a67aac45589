"""Is it really from them? The one whom a message claims to be from is asked by a way that the message does not give, and answers
once (P-27)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from email.header import Header
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.notices import signed_links
from civicmail.city.notices.models import Notice
from civicmail.city.policy.dispositions import Disposition
from civicmail.city.snapshot.published_snapshot import publish
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding import senders
from civicmail.desk.holding.actions import sender_verification as verbs
from civicmail.desk.holding.models import Containment, Verification
from civicmail.desk.holding.verification_channels import Channel, claim_of, find_channel
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_quarantine import words
from mail.archive.making import UNSYNCED
from mail.pipeline.making import people
from pages.cases import index
from pages.world import Town

Visit = Callable[[str], Client]
DANA, LENA = "dana.ortiz@city.example", "lena.vogt@city.example"
OURS = frozenset({"city.example"})
TEXT = "From: {}\r\nTo: dana.ortiz@city.example\r\n{}Subject: Kestrel\r\nMessage-ID: <{}@x>\r\n\r\nA secret word.\r\n"


def came(
    data: Path, at: int, from_: str, more: str = "", *, proven: bool = False, sender: str = "bounce@evil.example", kind: str = "mx"
) -> Capture:
    """A message that Dana has."""
    body = TEXT.format(from_, more, at).encode()
    envelope = Envelope(sender, (Recipient(DANA),), at, "192.0.2.9", "mx.evil.example")
    capture = capture_of(capture_id(at), scan(body), envelope, Source(kind, kind))  # type: ignore[arg-type]
    capture = replace(capture, dispositions=(Disposition(0, "deliver"),), facts={"auth.dmarc": "pass"} if proven else {})
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(capture, body)
        w.event(Event(Type.DELIVERED, capture.id, at + 10, (0,), {"hop": "maildir", "try": 1, "reply": "250"}))
        w.flush()
    return capture


@pytest.fixture
def known(city: Town, installed: Path) -> int:
    """Who may what is published; ms of now."""
    now = epoch_ms(city.now)
    publish(installed, build_snapshot(now, now, tuple(settings.CITY.city.domains)))
    return now


def asked_link(address: str) -> str:
    """The answer link of the question that went to this address."""
    (notice,) = Notice.objects.filter(key__startswith="verify:", to=address)
    assert "secret" not in notice.text and "Kestrel" not in notice.text + notice.subject
    found = re.search(r"/verified/[\w-]+/", notice.text)
    assert found is not None
    return found[0]


def by(from_: str, more: str = "", earlier: Any = lambda *_: (), returned: str = "bounce@evil.example") -> Channel | None:
    claim = claim_of(message_parser.parse(TEXT.format(from_, more, 1).encode()), returned)
    return find_channel(claim, "dana", named(), OURS, earlier)


def named() -> Snapshot:
    """The two of the city, Bob with a family name."""
    there = people()
    bob = replace(there.people["bob"], name="Bob Baker")
    return replace(there, people={**there.people, "bob": bob}, by_name={"Bob Baker": ("bob",), "Eve": ("eve",)})


@pytest.mark.rule("P-27", "The sender of a doubtful message is never asked at an address from the message.")
def test_nobody_is_asked_at_an_address_that_the_message_gives() -> None:
    """Neither From, Sender, Reply-To, Cc nor the return address; where there is no other way, nobody is asked."""
    vendor = '"Acme Paving" <acme@paving.example>'
    own = ("acme@paving.example", "reply@paving.example", "pay@paving.example", "bounce@evil.example", "copy@paving.example")
    more = "Sender: pay@paving.example\r\nReply-To: reply@paving.example\r\nCc: copy@paving.example\r\n"
    assert by(vendor, more, lambda *_: own) is None
    assert by(vendor, more, lambda *_: (*own, "Office@paving.example")) == Channel("office@paving.example", False)
    seen: list[tuple[str, str]] = []
    by('"Acme Paving" <acme@gmail.com>', "", lambda *said: seen.append(said) or ())
    assert seen == [("Acme Paving", "")], "whoever has an address of the same provider is nobody's colleague"


@pytest.mark.rule("P-27", "A colleague is asked at their mailbox in the directory.")
def test_a_colleague_is_asked_at_their_mailbox_in_the_city() -> None:
    """By the city's address that is claimed, or by a name that is one person's alone; never at the address outside."""
    assert by('"Baker, Bob" <bob.baker@mail.example>') == Channel("bob@city.example", True, "Bob")
    assert by("eve@city.example") == Channel("eve@city.example", True, "Eve")
    assert by('"Nobody Here" <x@mail.example>') is by("nobody@city.example") is None


@pytest.mark.rule(
    "P-27",
    "Verify asks the person whom the warning banner recognizes: with a title, in letters of other alphabets, an address "
    "as a name; one function reads the name for both.",
)
@pytest.mark.parametrize(
    "name",
    [
        "Mayor Bob Baker", "Bob Baker, City Clerk", "Deputy Chief Bob Q. Baker Esq.", "Bob Baker (Parks)",
        "B\u043eb B\u0430k\u0435r", "\u0392ob \u0392aker", "bob@city.example", "Office of bob@city.example",
        "b\u043eb@city.example", "BOB@CITY.EXAMPLE", "bob\uff20city.example",
    ],
)  # fmt: skip
def test_whom_the_warning_knows_verify_asks(name: str) -> None:
    """With a title, in letters of other alphabets, an address as a name."""
    header = Header(name, "utf-8").encode() if not name.isascii() else f'"{name}"'
    assert by(f"{header} <x@mail.example>") == Channel("bob@city.example", True, "Bob")


@pytest.mark.rule("P-27", "The person asked answers once, by the link; opening it answers nothing.")
@pytest.mark.rule("P-27, promise 7", "The requester is notified of the answer.")
@pytest.mark.django_db
def test_the_answer_comes_once_by_the_link_and_whoever_asked_hears_it(
    city: Town, visit: Visit, installed: Path, known: int
) -> None:
    """Opening the link answers nothing; no word of the message is shown; a second answer changes nothing."""
    id_ = came(installed, known - 60_000, '"Lena Vogt" <lena.vogt@evil.example>', "Reply-To: hurry@evil.example\r\n").uuid
    index(installed, known)
    dana, page = visit("crew0"), f"/mail/{id_}/verify/"
    shown = words(dana.get(page))
    assert LENA in shown and "as the directory has it" in shown
    assert dana.post(page).status_code == 302 and dana.post(page).status_code == 302
    link, anybody = asked_link(LENA), Client()
    assert not Notice.objects.filter(to__contains="evil").exists() and Verification.objects.count() == 1
    opened = words(anybody.get(link))
    assert "Dana Ortiz" in opened and "secret" not in opened and "Kestrel" not in opened
    assert anybody.post(link, {}).status_code == 422 and Verification.objects.get().state == "asked"
    assert anybody.post(link, {"answer": "no", "said": "Not  mine."}).status_code == 302
    assert anybody.post(link, {"answer": "yes"}).status_code == 409
    row = Verification.objects.get()
    assert (row.state, row.said) == ("no", "Not mine.")
    told = Notice.objects.get(key=f"verified:{row.pk}")
    assert told.to == DANA and "NOT genuine" in told.text and "secret" not in told.text
    assert "It is not genuine" in words(dana.get(page)) and "Not mine." in words(dana.get(page))
    assert Entry.objects.filter(act="sender.verify").count() == Entry.objects.filter(act="sender.answered").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Mayor Lena Vogt", "Vogt, Lena (City Clerk)", "L\u0435n\u0430 V\u043egt", LENA])
def test_whom_the_warning_names_the_page_asks(city: Town, visit: Visit, installed: Path, known: int, name: str) -> None:
    """On the page that the line above the message leads to."""
    shown = Header(name, "utf-8").encode() if not name.isascii() else f'"{name}"'
    id_ = came(installed, known - 60_000, f"{shown} <x@evil.example>").uuid
    index(installed, known)
    page = words(visit("crew0").get(f"/mail/{id_}/verify/"))
    assert LENA in page and "as the directory has it" in page
    assert visit("crew0").post(f"/mail/{id_}/verify/").status_code == 302 and asked_link(LENA)


@pytest.mark.rule("P-27", "Outsiders are asked about a message in each language of the city.")
@pytest.mark.django_db
def test_somebody_outside_is_asked_in_each_language_of_the_city(city: Town, installed: Path, known: int) -> None:
    """P-27, 28 CFR 35.160: what a claimed address is made of changes nothing in the question."""
    capture, dana = came(installed, known - 60_000, "{link}@evil.example"), city.people["crew0"]
    actor = actor_of(Account.objects.get(person=dana), "", known)
    by_ = Channel("office@paving.example", False)
    verbs.ask(uuid.UUID(capture.uuid), capture.received, "{link}@evil.example", by_, asker=dana, actor=actor, reason="", now=known)
    (notice,) = Notice.objects.filter(to=by_.address)
    assert notice.subject == "Did you write to us? / ¿Nos escribió usted?"
    english, spanish = notice.text.split("\n\n---\n\n")
    assert asked_link(by_.address) in english and "Responda aquí" in spanish and "{link}@evil.example" in english


@pytest.mark.rule("P-27", "Only the link sent to the address asked answers, and only in time.")
@pytest.mark.django_db
def test_an_attacker_cannot_answer(city: Town, visit: Visit, installed: Path, known: int) -> None:
    """Not by the link of the copy, not by a changed one, not by a key of their own; after its time nobody can."""
    capture = came(installed, known - 60_000, '"Lena Vogt" <lena.vogt@evil.example>')
    index(installed, known)
    visit("crew0").post(f"/mail/{capture.uuid}/verify/")
    link, row, anybody = asked_link(LENA), Verification.objects.get(), Client()
    guessed = signed_links.make(installed, "answer", capture.id, 0, known + DAY_MS, verbs._MORE.pack(row.pk, b"\0" * 16))
    copy = signed_links.make(installed, "verify", capture.id, 0, known + DAY_MS)
    for text in (guessed, copy, "x", link.split("/")[2][:-1], "A" * 9000):
        assert anybody.post(f"/verified/{text}/", {"answer": "yes"}).status_code == 404
    assert Verification.objects.get().state == "asked"
    assert verbs.expire(known + 6 * DAY_MS) == 0 and verbs.expire(known + 8 * DAY_MS) == 1 and verbs.expire(known + 8 * DAY_MS) == 0
    assert "Nobody has answered" in Notice.objects.get(key=f"verified:{row.pk}").text
    assert anybody.post(link, {"answer": "yes"}).status_code == 409, "its time is over"


@pytest.mark.rule("P-25, P-27", "A colleague with a contained account is not asked, and an answer from there does not count.")
@pytest.mark.django_db
def test_an_account_that_may_be_taken_is_not_asked_and_does_not_answer(
    city: Town, visit: Visit, installed: Path, known: int
) -> None:
    """Whoever has it would answer for its owner; when it is given back its owner answers."""
    first = came(installed, known - 60_000, '"Lena Vogt" <lena.vogt@evil.example>').uuid
    second = came(installed, known - 50_000, '"Lena Vogt" <lena.vogt@evil.example>').uuid
    index(installed, known)
    dana, anybody = visit("crew0"), Client()
    dana.post(f"/mail/{first}/verify/")
    link, lena = asked_link(LENA), senders.person_of(LENA)
    assert lena is not None
    taken = Containment.objects.create(sender=lena.uid, person=lena, sign="outside", capture=first, made=city.now)
    assert anybody.post(link, {"answer": "yes"}).status_code == 409 and Verification.objects.get().state == "asked"
    asked = dana.post(f"/mail/{second}/verify/")
    assert asked.status_code == 409 and "telephone" in words(asked) and Verification.objects.count() == 1
    Containment.objects.filter(pk=taken.pk).update(state="released")
    assert anybody.post(link, {"answer": "no"}).status_code == 302 and Verification.objects.get().state == "no"


@pytest.mark.rule("P-27", "An account that sent a message, here or elsewhere in the city, is not asked whether it did.")
@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["submission", "relay", "journal"])
def test_an_account_that_sent_it_is_not_asked(city: Town, visit: Visit, installed: Path, known: int, kind: str) -> None:
    """By which door of the city's own it came; whoever has the account would answer. They are called."""
    id_ = came(installed, known - 60_000, f"Lena Vogt <{LENA}>", sender=LENA, kind=kind).uuid
    index(installed, known)
    page = words(visit("crew0").get(f"/mail/{id_}/verify/"))
    assert "call them" in page and "Ask them" not in page
    assert ("signed in" in page) == (kind == "submission")
    assert visit("crew0").post(f"/mail/{id_}/verify/").status_code == 302 and not Verification.objects.exists()


@pytest.mark.rule("P-27", "An outsider is asked at an address proven by earlier mail, never by later mail.")
@pytest.mark.django_db
def test_somebody_outside_is_asked_where_earlier_mail_was_proven(city: Town, visit: Visit, installed: Path, known: int) -> None:
    """Mail that was proven when it came, before this one; what was not proven gives no way."""
    came(installed, known - 500_000, '"Acme Paving" <forged@paving.example>')
    came(installed, known - 400_000, '"Acme Paving" <office@paving.example>', proven=True)
    id_ = came(installed, known - 60_000, '"Acme Paving" <acme@gmail.com>').uuid
    late = came(installed, known - 90_000, '"Elm Works" <pay@elm.example>').uuid
    came(installed, known - 30_000, '"Elm Works" <office@elm.example>', proven=True)
    index(installed, known)
    dana = visit("crew0")
    assert "office@paving.example" in words(dana.get(f"/mail/{id_}/verify/"))
    dana.post(f"/mail/{id_}/verify/")
    assert asked_link("office@paving.example")
    assert "Nobody can be asked" in words(dana.get(f"/mail/{late}/verify/")), "what came after it proves nothing"
    dana.post(f"/mail/{late}/verify/")
    assert Verification.objects.count() == 1


@pytest.mark.rule(
    "P-27",
    "Of addresses under the same name elsewhere the oldest is asked, after those of the claimed domain, so that an "
    "attacker cannot prepare an answer.",
)
@pytest.mark.django_db
def test_an_address_that_somebody_prepared_is_not_asked(city: Town, visit: Visit, installed: Path, known: int) -> None:
    """Whoever wrote under the same name from a domain of their own, had an answer, and pretends to be them now."""
    came(installed, known - 500_000, '"Acme Paving" <office@paving.example>', proven=True)
    came(installed, known - 400_000, '"Acme Paving" <acme.paving@evil.example>', proven=True)
    elsewhere = came(installed, known - 60_000, '"Acme Paving" <acme@gmail.com>').uuid
    same = came(installed, known - 50_000, '"Acme Paving" <acme@paving.example>').uuid
    index(installed, known)
    for id_ in (elsewhere, same):
        shown = words(visit("crew0").get(f"/mail/{id_}/verify/"))
        assert "office@paving.example" in shown and "evil.example" not in shown


@pytest.mark.django_db
def test_of_the_claimed_domain_whoever_has_the_name_is_asked_first(city: Town, visit: Visit, installed: Path, known: int) -> None:
    """P-27."""
    came(installed, known - 600_000, '"Ann Pruitt" <ann.pruitt@elm.example>', proven=True)
    came(installed, known - 500_000, '"Bo Reed" <bo@elm.example>', proven=True)
    id_ = came(installed, known - 60_000, '"Pruitt, Ann" <ann@elm.example>').uuid
    index(installed, known)
    assert "ann.pruitt@elm.example" in words(visit("crew0").get(f"/mail/{id_}/verify/"))


@pytest.mark.rule("P-27, promise 4", "The link in a copy acts for its reader, and reveals no address to other holders.")
@pytest.mark.django_db
def test_the_link_of_a_copy_asks_for_its_reader_and_tells_nobody_an_address(
    city: Town, visit: Visit, installed: Path, known: int
) -> None:
    """Without an account; the answer goes to whose copy it is, and other people's mail stays other people's."""
    capture = came(installed, known - 60_000, '"Lena Vogt" <lena.vogt@evil.example>')
    index(installed, known)
    link = f"/verify/{signed_links.make(installed, 'verify', capture.id, 0, known + DAY_MS)}/"
    anybody = Client()
    shown = words(anybody.get(link))
    assert "a colleague" in shown and LENA not in shown and not Verification.objects.exists()
    assert "They were asked." in words(anybody.post(link))
    assert Verification.objects.get().asker == city.people["crew0"] and asked_link(LENA)
    over = signed_links.make(installed, "verify", capture.id, 0, known - 1000)
    assert anybody.get(f"/verify/{over}/").status_code == 410
    assert anybody.get(f"/verify/{signed_links.make(installed, 'report', capture.id, 0, 0)}/").status_code == 404
    assert anybody.get(f"/verify/{signed_links.make(installed, 'verify', capture.id, 7, 0)}/").status_code == 404
    assert anybody.get(f"/verify/{signed_links.make(installed, 'verify', uuid.uuid4().bytes, 0, 0)}/").status_code == 404
    assert visit("crew2").get(f"/mail/{capture.uuid}/verify/").status_code == 404
