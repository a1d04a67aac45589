"""Anybody may ask whether a message really is from the city, and hears nothing else (P-26, P-27)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding.authenticity import AuthenticityCheck, CheckResult, parse_message_id, parse_number
from civicmail.desk.holding.views import authenticity
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type, uuid_text
from civicmail.mail.courier import dkimkeys, signing
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.rendering import sent_facts
from civicmail.mail.courier.signing import Pen
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_quarantine import quarantined, words
from mail.archive.making import UNSYNCED
from pages.cases import index
from pages.world import Town

NOW = 1_772_452_800_000
ID = capture_id(NOW)
HOST, DAY = "mail.city.example", "Sat, 28 Feb 2026 12:00:00 +0000"
BODY = b"From: Dana Ortiz <dana.ortiz@city.example>\r\nTo: ann@home.example\r\nSubject: Kestrel\r\n\r\nA secret word.\r\n"
OUT = (
    f"Received: by {HOST}\r\n\tid {uuid_text(ID)}\r\n\tfor <ann@home.example>;\r\n\tSat, 28 Feb 2026 12:00:00 +0000\r\n".encode()
    + BODY
)
ONWARD = f"Delivered-To: ann@home.example\r\nReceived: from {HOST} by mx.home.example;\r\n\t{DAY}\r\n".encode()


def kept(kind: str = "submission", *, gone: bool = True) -> tuple[Capture, list[Event]]:
    envelope = Envelope("dana.ortiz@city.example", (Recipient("ann@home.example"),), NOW, login="p-crew0/d")
    capture = capture_of(ID, scan(BODY), envelope, Source(kind, "d"))  # type: ignore[arg-type]
    sha256 = hashlib.sha256(OUT).hexdigest()
    return capture, [Event(Type.DELIVERED, ID, NOW + 5, (0,), {"hop": "smtp://h:25", "try": 1, "sha256": sha256})] if gone else []


def asking(record: tuple[Capture, Sequence[Event]] | None, keys: Sequence[dkimkeys.Key] = ()) -> AuthenticityCheck:
    return AuthenticityCheck(lambda id_: record if id_ == ID else None, keys, frozenset({"city.example"}), HOST)


@pytest.mark.rule("P-26", "A message is the city's by the bytes that were sent, whatever servers have put in front.")
def test_the_bytes_that_left_are_known_whatever_servers_have_put_in_front() -> None:
    """By the number in our Received line and the hash of what left; with the line ends of whoever pastes it."""
    ask = asking(kept())
    for text in (OUT, ONWARD + OUT, (ONWARD + OUT).replace(b"\r\n", b"\n"), b"\n\n" + ONWARD + OUT.rstrip()):
        assert ask.check_message(text, NOW) == CheckResult("exact", NOW)
    assert ask.check_message(ONWARD + OUT.replace(b"secret", b"other"), NOW) == CheckResult("changed", NOW)
    assert ask.check_message(ONWARD + BODY, NOW) == CheckResult("pretends")
    assert ask.check_message(b"Received: by mx.evil.example id " + uuid_text(ID).encode() + b"\r\n" + BODY, NOW) == CheckResult(
        "pretends"
    )
    assert (
        ask.check_message(BODY.replace(b"city.example", b"evil.example"), NOW)
        == CheckResult("unknown")
        == ask.check_message(b"\xff", NOW)
    )


@pytest.mark.rule("P-26", "Text inserted in front of a sent message is not the city's: only lines of servers may precede it.")
@pytest.mark.parametrize(
    "line",
    [
        "Subject: Pay by noon",
        "FROM : The Mayor <mayor@city.example>",
        "Reply-To: x@evil.example",
        "Content-Type: text/html",
        "To: you@x",
    ],
)
def test_words_in_front_of_what_left_are_not_the_citys(line: str) -> None:
    """Whoever has one message of the city's puts nothing of their own into it, wherever they put it."""
    ask, put = asking(kept()), line.encode() + b"\r\n"
    assert ask.check_message(put + OUT, NOW) == CheckResult("changed", NOW) == ask.check_message(put + ONWARD + OUT, NOW)
    assert ask.check_message(ONWARD + put + OUT, NOW) == CheckResult("changed", NOW)


@pytest.mark.rule("P-17, promise 4", "A number reveals nothing but that the city sent the message.")
def test_of_a_number_only_what_the_city_sent_is_told() -> None:
    """Of mail that came in, or waits, nobody hears that it is kept."""
    assert asking(kept()).check_number(ID) == CheckResult("sent", NOW)
    for record in (kept("mx"), kept("import"), kept("journal"), kept(gone=False), None):
        assert asking(record).check_number(ID) == CheckResult("unknown")
        assert asking(record).check_message(OUT, NOW) == CheckResult("pretends")
    assert parse_number(f"  archived={uuid_text(ID)} ") == ID
    assert (
        parse_number("hello")
        is parse_number(f"{uuid_text(ID)} {uuid_text(ID)}")
        is parse_number(f"{uuid_text(ID)}\r\nFrom: x")
        is None
    )


@pytest.mark.django_db
def test_a_resident_finds_the_page(city: Town, visit: Callable[[str], Client]) -> None:
    """P-26: at the foot of every page before the sign-in; who works here has the button of the message."""
    for page in ("/accounts/login/", "/policy/text/", "/nowhere/"):
        assert 'href="/really/"' in Client().get(page).content.decode()
    assert 'href="/really/"' not in visit("crew0").get("/").content.decode()


def test_a_text_that_is_a_message_id_is_taken_for_one() -> None:
    """As mail programs show it; an address of somebody is one that nothing was sent under."""
    for text in ("<7.a@city.example>", " 7.a@city.example\n", "Message-ID: <7.a@city.example>"):
        assert parse_message_id(text) == "7.a@city.example"
    for text in ("hello", "a@b c@d", "From: a@city.example\r\n\r\nPay", "@", "a@" + "b" * 700, ""):
        assert parse_message_id(text) == ""
    assert asking(kept()).check_any([b"\0" * 16, ID]) == CheckResult("sent", NOW) and asking(kept("mx")).check_any(
        [ID]
    ) == CheckResult("unknown")


@pytest.mark.rule("P-26, P-17", "A message in doubt can be checked by its Message-ID; incoming mail is not revealed.")
@pytest.mark.django_db
def test_a_message_id_is_looked_up_and_of_mail_that_came_in_nothing_is_told(city: Town, installed: Path) -> None:
    """The first of its name counts, so whoever sends us our own Message-ID hides nothing."""
    at, anybody = epoch_ms(city.now) - 60_000, Client()
    body = b"Message-ID: <out.7@city.example>\r\n" + BODY
    with closing(Writer(installed, lambda: at, UNSYNCED, 1 << 20)) as w:
        for n, kind in enumerate(("submission", "mx")):
            envelope = Envelope("dana.ortiz@city.example", (Recipient("ann@home.example"),), at + n, login="p-crew0/d")
            text = body if kind == "submission" else body.replace(b"out.7", b"in.7")
            capture = capture_of(capture_id(at + n), scan(text), envelope, Source(kind, "d"))  # type: ignore[arg-type]  # a kind that is no more than a word here
            w.receipt(replace(capture, dispositions=(Disposition(0, "deliver"),)), text)
            w.event(Event(Type.DELIVERED, capture.id, at + 10, (0,), {"hop": "smtp://h:25", "try": 1, "sha256": "0" * 64}))
        w.flush()

    def said(text: str) -> str:
        return words(anybody.post("/really/", {"text": text}))

    shutil.rmtree(installed / "index", ignore_errors=True)
    assert "It cannot be looked up at this moment" in said("<out.7@city.example>"), "and not that nothing is known"
    index(installed, epoch_ms(city.now))
    assert "The city sent a message with this number" in said("<out.7@city.example>")
    assert "Nothing is known of it" in said("<in.7@city.example>") and "Nothing is known of it" in said("<no.7@city.example>")


@pytest.mark.rule("P-26", "A signature of ours proves that a message is from the city, without any record.")
def test_a_signature_of_ours_proves_it_without_any_record(tmp_path: Path) -> None:
    """By our own keys; one of somebody else's domain, or over another From, proves nothing."""
    made = dkimkeys.new(tmp_path, "city.example", "ed25519", now=NOW)
    key = dkimkeys.activate(tmp_path, made, now=NOW)
    signed = signature(tmp_path, BODY, key) + BODY
    assert asking(None, [key]).check_message(ONWARD + signed, NOW) == CheckResult("signed")
    assert asking(None, []).check_message(signed, NOW) == CheckResult("pretends")
    assert asking(None, [key]).check_message(signed.replace(b"secret", b"other"), NOW) == CheckResult("pretends")
    assert asking(None, [key]).check_message(signed.replace(b"Dana Ortiz", b"The Mayor"), NOW) == CheckResult("pretends")
    other = replace(key, domain="evil.example")
    assert asking(None, [other]).check_message(signed.replace(b"d=city.example", b"d=evil.example"), NOW) == CheckResult("pretends")


def signature(data: Path, body: bytes, key: dkimkeys.Key) -> bytes:
    """The field that the courier puts in front of what leaves."""
    capture, _ = kept()
    found = signing.read(ArchivedMessage(capture, body), sent_facts("crlf", []))
    lines = signing.signature(found, Pen(key, dkimkeys.private(data, key)), NOW // 1000)
    return b"".join(line.encode() + b"\r\n" for line in lines)


@pytest.mark.rule("P-17", "Numbers cannot be enumerated: queries of one network are limited.")
@pytest.mark.django_db
def test_anybody_asks_without_an_account_and_is_shown_nothing_of_what_is_kept(
    city: Town, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number of mail that came in is unknown; nobody tries through; what is no message has a plain answer."""
    came = quarantined(installed, epoch_ms(city.now) - 1000)
    monkeypatch.setattr(authenticity, "RATE_LIMIT", authenticity.RateLimit(6))
    anybody = Client()
    assert anybody.get("/really/").status_code == 200 and anybody.post("/really/", {"text": ""}).status_code == 422
    for text in (came.uuid, "hello", "From: x@city.example\r\n\r\nPay.\r\n", "a" * 999_999, uuid_text(ID)):
        response = anybody.post("/really/", {"text": text})
        said = words(response)
        assert response.status_code == 200 and "heron" not in said and ("Nothing is known of it" in said or "No proof" in said)
    assert anybody.post("/really/", {"text": "a" * 1_000_001}).status_code == 422
    assert [anybody.post("/really/", {"text": "hello"}).status_code for _ in range(2)] == [200, 429]
