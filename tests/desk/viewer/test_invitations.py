"""Invitations to meetings: whatever the bytes are there is a card, or the word that they cannot be read (RFC 5545, RFC 5546)."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.sandbox.service import decode_reply, encode
from civicmail.desk.viewer import sandboxed
from civicmail.desk.viewer.invitations import MAX_SIZE, invitation, meeting
from civicmail.desk.viewer.meeting import UNREADABLE, Guest, Meeting, When
from civicmail.desk.viewer.message_requests import ReadInvitation

ZONE = """\
BEGIN:VTIMEZONE
TZID:Town Hall
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0600
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0600
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
EVENT = """\
UID:abc-1@acme.example
DTSTAMP:20261101T000000Z
SEQUENCE:2
SUMMARY:Lead lines\\, part 2
LOCATION:Room 4
DTSTART;TZID=Central Standard Time:20261201T090000
DTEND;TZID=Central Standard Time:20261201T100000
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,1TH;COUNT=6
ORGANIZER;CN=Ann Lee:mailto:ann@acme.example
ATTENDEE;CN="Dana Ortiz";PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT:mailto:Dana.Ortiz@city.example
ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED:MAILTO:pat@city.example
"""
PIECES = [
    "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "METHOD:REQUEST", "UID:x", "DTSTART:20261201T090000Z",
    "DTSTART;VALUE=DATE:20261201", "DTSTART:nonsense", "DTEND:00010101T000000", "DURATION:-P9999999D", "DURATION:PT1H",
    "RRULE:FREQ=NEVER", "RRULE:FREQ=YEARLY;INTERVAL=0;UNTIL=99991231", "RRULE:;;=", "ATTENDEE:mailto:a@b.example", "ATTENDEE:%",
    "ATTENDEE;CN=\"x", "ORGANIZER:mailto:", "SUMMARY:\x00\u202e", "SEQUENCE:-1", "SEQUENCE:9e99", "RECURRENCE-ID:20261201",
    "BEGIN:VTIMEZONE", "TZID:x", "END:VTIMEZONE", "DTSTART;TZID=x:20261201T090000", "EXDATE:1", "STATUS:CANCELLED", ":", ";", " x",
]  # fmt: skip


def calendar(event: str = EVENT, method: str = "REQUEST", zone: str = "") -> bytes:
    text = f"BEGIN:VCALENDAR\nMETHOD:{method}\nVERSION:2.0\n{zone}BEGIN:VEVENT\n{event}END:VEVENT\nEND:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def letter(calendar_: bytes) -> bytes:
    """As programs send it: one of several forms of the same."""
    head = "From: ann@acme.example\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nhello\n--b\n"
    kind = "Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n"
    return (head + kind).replace("\n", "\r\n").encode() + calendar_ + b"\r\n--b--\r\n"


def moment(*at: int) -> When:
    return When(ms=int(datetime(*at, tzinfo=UTC).timestamp() * 1000))  # type: ignore[misc, arg-type]


@pytest.mark.rule("P-06", "An invitation shows subject, time in its own zone, place, and guests.")
def test_an_invitation_says_what_when_where_and_who_is_asked() -> None:
    """In a limited process, with a zone by Outlook's name."""
    found = sandboxed.meeting(letter(calendar()))
    assert found == invitation(letter(calendar()))
    assert found is not None
    assert (found.method, found.title, found.place, found.sequence) == ("REQUEST", "Lead lines, part 2", "Room 4", 2)
    assert (found.start, found.end) == (moment(2026, 12, 1, 15), moment(2026, 12, 1, 16))
    assert (found.repeats.every, found.repeats.step, found.repeats.on, found.repeats.count) == ("WEEKLY", 2, ("TU", "1TH"), 6)
    assert found.organizer == Guest("ann@acme.example", "Ann Lee")
    assert found.guests == (Guest("dana.ortiz@city.example", "Dana Ortiz"), Guest("pat@city.example", "", "ACCEPTED", False))
    assert sandboxed.meeting(b"Subject: lunch\r\n\r\nNoon?\r\n") is None
    assert decode_reply(ReadInvitation(), encode(found), 0) == found


def test_a_zone_that_only_the_calendar_knows_is_as_it_describes_it() -> None:
    text = EVENT.replace("Central Standard Time", "Town Hall")
    found = sandboxed.meeting(letter(calendar(text, zone=ZONE)))
    assert found is not None and found.start == moment(2026, 12, 1, 15)
    summer = text.replace("20261201", "20260701")
    assert meeting(calendar(summer, zone=ZONE)).start == moment(2026, 7, 1, 14)


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        ("DTSTART;VALUE=DATE:20261201\nDTEND;VALUE=DATE:20261203\n", When(day="2026-12-01"), When(day="2026-12-02")),
        ("DTSTART:20261201T090000\nDURATION:PT90M\n", When(clock="2026-12-01T09:00"), When(clock="2026-12-01T10:30")),
        ("DTSTART:20261201T090000Z\n", moment(2026, 12, 1, 9), When()),
        ("DTSTART:never\nDTEND:20261203T000000Z\n", When(), When()),
        ("", When(), When()),
    ],
)
def test_days_clocks_and_moments_are_told_apart(lines: str, start: When, end: When) -> None:
    found = meeting(calendar(f"UID:x\n{lines}"))
    assert (found.start, found.end) == (start, end)


def test_a_meeting_that_is_called_off_or_one_of_a_series_says_so() -> None:
    assert meeting(calendar(method="CANCEL")).canceled
    assert meeting(calendar(f"{EVENT}STATUS:CANCELLED\n")).canceled and not meeting(calendar()).canceled
    assert meeting(calendar(f"{EVENT}RECURRENCE-ID:20261215T150000Z\n")).instance == moment(2026, 12, 15, 15)
    assert meeting(calendar(method="DESTROY")).method == "PUBLISH"


def test_what_nobody_sees_is_not_in_a_title_and_what_is_too_large_is_not_read() -> None:
    found = meeting(calendar("UID:x\nSUMMARY:Pay\u202e now\u200b\\nand here\n"))
    assert found.title == "Pay now and here"
    many = "".join(f"ATTENDEE:mailto:g{n}@x.example\n" for n in range(150))
    assert len((crowd := meeting(calendar(f"UID:x\n{many}"))).guests) == 100 and crowd.guests_left == 50
    assert meeting(b" " * (MAX_SIZE + 1)) == meeting(b"") == meeting(calendar().replace(b"VEVENT", b"VTODO")) == UNREADABLE


def card(content: bytes) -> Meeting:
    """Whatever it raises is a fault of ours."""
    try:
        return meeting(content)
    except Exception as error:
        raise AssertionError(f"{error!r} of {content!r}") from error


@pytest.mark.rule("P-25", "Any bytes of a calendar become a card, or the word that they cannot be read.")
@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=14).map(lambda lines: "\r\n".join(lines).encode()))
def test_any_bytes_become_a_card_or_the_word_that_they_cannot_be_read(raw: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library's opinion of bytes that nobody vouches for
        for content in (raw, b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + raw + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"):
            found = card(content)
            assert decode_reply(ReadInvitation(), encode(found), 0) == found
            assert found.failed == (found == UNREADABLE)
