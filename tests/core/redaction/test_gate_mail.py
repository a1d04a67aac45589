"""The release gate and messages: nothing of the original message leaves with a released one (R22, R26)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from civicmail.core.redaction.shapes import ReleasedFile
from core.redaction.pdfs import NUMBER, SECRET
from core.redaction.test_gate import plain, refusals

WORDS = (
    "Ann",
    "ann@city.example",
    "ben@city.example",
    "Tue,",
    "01",
    "Dec",
    "2026",
    "09:00:00",
    "+0000",
    "Plan",
    "See",
    "the",
    "plan.",
)
PLAN = plain("The plan.", name="plan.txt")


def letter(*, text: str = "See the plan.\n", subject: str = "Plan", file: ReleasedFile = PLAN) -> EmailMessage:
    message = EmailMessage(SMTP)
    message["From"] = "Ann <ann@city.example>"
    message["To"] = "ben@city.example"
    message["Date"] = "Tue, 01 Dec 2026 09:00:00 +0000"
    message["Subject"] = subject
    message.set_content(text)
    message.add_attachment(file.content, "text", "plain", filename=file.name)
    return message


def released(content: bytes) -> ReleasedFile:
    return ReleasedFile("letter.eml", "message/rfc822", content, WORDS)


def test_r22_r26_a_message_as_it_should_be_passes() -> None:
    assert refusals(released(letter().as_bytes()), PLAN) == []


def with_field(name: str, value: str) -> Callable[[], bytes]:
    return lambda: letter().as_bytes().replace(b"Subject:", f"{name}: {value}\r\nSubject:".encode(), 1)


def with_html(html: str) -> Callable[[], bytes]:
    def make() -> bytes:
        message = letter()
        message.get_body().add_alternative(html, subtype="html")  # type: ignore[union-attr]
        return message.as_bytes()

    return make


def nested() -> bytes:
    inner = EmailMessage(SMTP)
    inner["Subject"] = "Re: Plan"
    inner.set_content(f"{SECRET} said so.")
    message = letter()
    message.add_attachment(inner)
    return message.as_bytes()


def in_preamble() -> bytes:
    message = letter()
    message.preamble = f"{SECRET} said so."
    return message.as_bytes()


def behind_the_end() -> bytes:
    return letter().as_bytes() + b"\r\nthe old text\r\n"


def calendar() -> bytes:
    message = letter()
    message.add_attachment(b"BEGIN:VCALENDAR", "text", "calendar")
    return message.as_bytes()


LIST = "it has a header field or a parameter that is not on the list."
SHOWS = " shows a forbidden string of the shape"
HTML = "its HTML has more than text in plain sight."
SPOILED: dict[str, tuple[Callable[[], bytes], str]] = {
    "signature of the original": (with_field("DKIM-Signature", "v=1; bh=x; b=y"), LIST),
    "seal of the original": (with_field("ARC-Seal", "i=1"), LIST),
    "transport": (with_field("Received", "from pc-ada.city.example"), LIST),
    "field of a program": (with_field("X-Originating-IP", "10.0.0.7"), LIST),
    "thread of Outlook": (with_field("Thread-Index", "Ac0="), LIST),
    "field twice": (with_field("Subject", "Plan"), "it has a header field twice."),
    "comment in a field": (with_field("Cc", f"ben@city.example ({SECRET})"), f"a header field{SHOWS} xxxxxxxxx"),
    "HTML that was not redacted": (with_html(f"<p>See the plan. {SECRET}</p>"), "the HTML has 1 words that did not survive."),
    "hidden HTML": (with_html('<p>See the plan.</p><p style="display:none">HIV</p>'), HTML),
    "comment in HTML": (with_html("<p>See the plan.<!-- HIV --></p>"), HTML),
    "picture in HTML": (with_html('<p>See the plan.<img src="http://x.example/1.gif" alt="HIV"></p>'), HTML),
    "nested message": (nested, "it has a part of a type that is not on the list."),
    "text before the parts": (in_preamble, "it has text before or behind its parts."),
    "text behind the parts": (behind_the_end, "it has text before or behind its parts."),
    "file that was not released": (calendar, "a file in it is none of the files of this production."),
    "word of the text": (lambda: letter(text="See the plan. HIV\n").as_bytes(), "its text has 1 words that did not survive."),
    "lost word of the text": (
        lambda: letter(text="See plan.\n").as_bytes(),
        "its text lacks 3 letters or digits of the surviving words.",
    ),
    "subject": (lambda: letter(subject=f"Plan {NUMBER}").as_bytes(), f"a header field{SHOWS} ###-##-####"),
    "encoded subject": (
        lambda: (
            letter().as_bytes().replace(b"Subject: Plan", b"Subject: Plan =?utf-8?b?" + base64.b64encode(SECRET.encode()) + b"?=")
        ),
        f"the header Subject{SHOWS} xxxxxxxxx",
    ),
    "name of a file": (
        lambda: letter(file=ReleasedFile(f"{SECRET}.txt", "text/plain", PLAN.content, ())).as_bytes(),
        f"the name of an attached file{SHOWS} xxxxxxxxx",
    ),
}


@pytest.mark.rule("promise 9", "A released message has only header fields and parts that are on a list.")
@pytest.mark.parametrize("name", SPOILED)
def test_r22_what_a_message_may_not_have_is_refused(name: str) -> None:
    make, sentence = SPOILED[name]
    assert sentence in refusals(released(make()), PLAN)


def test_r22_a_file_in_a_message_is_one_of_the_production() -> None:
    assert refusals(released(letter().as_bytes())) == ["a file in it is none of the files of this production."]


def test_r22_html_that_says_the_same_passes() -> None:
    html = '<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body><p>See the <b>plan.</b></p></body></html>'
    assert refusals(released(with_html(html)()), PLAN) == []
