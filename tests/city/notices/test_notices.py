"""What the system tells people: a row that is there once, and a message that is always the same bytes (P-15, P-18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.notices import queries
from civicmail.city.notices.actions import mark_sent, notify
from civicmail.city.notices.message import NoticeContent, build
from civicmail.city.notices.models import Notice
from civicmail.core.message import message_parser

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOTICE = NoticeContent(
    "review:7", "ann@city.example", "Please look at this", "It is about P-12.\n\nNobody blames you.", 1_772_452_800_000
)


@pytest.mark.django_db
def test_the_same_key_tells_nobody_twice() -> None:
    for text in ("first", "second"):
        notify("review:7", "ann@city.example", "  About\n your mail ", text, now=NOW)
    notify("review:8", "ben@city.example", "Another", "text", now=NOW + timedelta(1))
    first, second = queries.waiting(10)
    assert (first.subject, first.text, second.to) == ("About your mail", "first", "ben@city.example")
    assert queries.waiting(1) == [first]
    mark_sent(first, "x", now=NOW)
    assert queries.waiting(10) == [second]


@pytest.mark.django_db
def test_what_is_undone_tells_nobody() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        notify("review:7", "ann@city.example", "About", "text", now=NOW)
        raise ZeroDivisionError
    assert not Notice.objects.exists()


def test_a_notice_is_a_message_that_no_program_answers() -> None:
    content = build(NOTICE, "Sample City", "mail.city.example", "https://mail.city.example")
    assert content == build(NOTICE, "Sample City", "mail.city.example", "https://mail.city.example")
    read = message_from_bytes(content, policy=default)
    assert (read["to"], read["auto-submitted"]) == ("ann@city.example", "auto-generated")
    assert read["from"] == "Sample City mail system <MAILER-DAEMON@mail.city.example>"
    assert read["date"] == "Mon, 02 Mar 2026 12:00:00 +0000"
    body = read.get_body()
    assert body is not None and body.get_content().splitlines()[:5] == [
        "It is about P-12.",
        "",
        "Nobody blames you.",
        "",
        "Sample City",
    ]
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.rule("P-15", "A paragraph of our own mail is one line that breaks at the width of the reader's window.")
def test_a_paragraph_is_one_line_for_whoever_reads_it_and_short_ones_on_the_wire() -> None:
    """A line that was broken at 76 is broken once more by a window of 40."""
    long = " ".join(["Somebody of the city asks whether this is right; é, = and long words stay as they are."] * 9)
    text = f"{long}\n\n- {long}\n    indented\n\nhttps://mail.city.example/{'x' * 200}"
    content = build(replace(NOTICE, text=text), "Sample City", "mail.city.example", "https://mail.city.example")
    assert max(map(len, content.split(b"\r\n"))) <= 78
    message = message_parser.parse(content)
    assert message.text == f"{text}\n\nSample City\nhttps://mail.city.example\n" and not message.defects


@given(st.text(max_size=200), st.text(max_size=400))
def test_no_text_breaks_out_of_a_notice(subject: str, text: str) -> None:
    """Names in subject and text are typed by people."""
    content = build(NoticeContent("k", "ann@city.example", " ".join(subject.split()), text, 0), "Sample City", "mail.city.example")
    read = message_from_bytes(content, policy=default)
    assert [name.lower() for name in read.keys()] == [  # noqa: SIM118 - repeats count
        "from", "to", "subject", "date", "message-id", "auto-submitted", "content-type", "content-transfer-encoding", "mime-version"
    ]  # fmt: skip
    assert max(map(len, content.split(b"\r\n"))) < 998
