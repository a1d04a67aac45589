"""What appointments, tasks, contacts and lists say in properties only stands in the message as iCalendar or vCard (P-24)."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import content_lines, mapi, message_parser, outlook_message, recurrence
from civicmail.core.message.mapi import Item, Value

APPOINTMENT, TASK, CONTACT = (f"{{0006{n}-0000-0000-c000-000000000046}}/0x" for n in ("2002", "2003", "2004"))


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


def minutes(*when: int) -> int:
    return int((datetime(*when, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) // 60  # type: ignore[arg-type]


def pattern(frequency: int, type_: int, period: int, detail: tuple[int, ...] = (), end: int = 0x2023, count: int = 0) -> bytes:
    """MS-OXOCAL 2.2.1.44.1, with one deleted and one changed day."""
    return (
        struct.pack("<HHHHHIII", 0x3004, 0x3004, frequency, type_, 0, 0, period, 0)
        + struct.pack(f"<{len(detail)}IIII", *detail, end, count, 0)
        + struct.pack("<II", 1, minutes(2026, 4, 6))
        + struct.pack("<II", 1, minutes(2026, 4, 6))
        + struct.pack("<II", minutes(2026, 3, 2), minutes(2026, 12, 31))
    )


def words(item: Item) -> str:
    """What a search reads of the message that is built."""
    found = message_parser.fields(outlook_message.message(item))
    return found.text + "\n" + found.attached_text


@pytest.mark.rule("P-24", "Properties of an appointment, a task or a contact that only the item has are in its message as text.")
def test_an_appointment_says_when_where_and_how_often() -> None:
    item = Item(
        {
            mapi.CLASS: "IPM.Appointment",
            mapi.SUBJECT: "Budget hearing",
            f"{APPOINTMENT}820d": ms(2026, 3, 2, 15),
            f"{APPOINTMENT}820e": ms(2026, 3, 2, 16, 30),
            f"{APPOINTMENT}8208": "Council chamber; level 2",
            f"{APPOINTMENT}8216": pattern(0x200B, 1, 2, (0b0000010,)),
        },
        [{mapi.NAME: "Ana Lee", mapi.SMTP: "ana@city.example", mapi.RECIPIENT_TYPE: 1}],
    )
    raw = outlook_message.message(item)
    assert outlook_message.message(item) == raw
    for line in (b"DTSTART:20260302T150000Z", b"DTEND:20260302T163000Z", b"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"):
        assert line in raw
    said = words(item)
    assert "Monday, 2 March 2026 15:00 UTC to 16:30 UTC" in said
    assert "every 2 weeks on Monday" in said
    assert "Council chamber; level 2" in said
    assert "Ana Lee" in said


@pytest.mark.parametrize(
    ("data", "rule", "said"),
    [
        (pattern(0x200A, 0, 1440), "FREQ=DAILY", "every day"),
        (pattern(0x200A, 0, 4320, end=0x2022, count=5), "FREQ=DAILY;INTERVAL=3;COUNT=5", "every 3 days, 5 times"),
        (pattern(0x200A, 1, 1, (0b0100010,)), "FREQ=WEEKLY;BYDAY=MO,FR", "every week on Monday, Friday"),
        (pattern(0x200C, 2, 1, (15,)), "FREQ=MONTHLY;BYMONTHDAY=15", "every month on day 15"),
        (pattern(0x200C, 4, 1, (31,)), "FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        (pattern(0x200C, 3, 1, (0b0000100, 5)), "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=-1", "every month on the last Tuesday"),
        (
            pattern(0x200D, 2, 12, (2,), end=0x2021),
            "FREQ=YEARLY;BYMONTHDAY=2;BYMONTH=3;UNTIL=20261231T235959Z",
            "every year on day 2 of March, until 31 December 2026",
        ),
        (
            pattern(0x200D, 3, 24, (0b0000010, 1)),
            "FREQ=YEARLY;INTERVAL=2;BYDAY=MO;BYSETPOS=1;BYMONTH=3",
            "every 2 years on the first Monday of March",
        ),
    ],
)
def test_a_pattern_is_a_rule_and_words(data: bytes, rule: str, said: str) -> None:
    assert recurrence.read(data) == recurrence.Rule(rule, said)


@given(st.binary(max_size=120), st.integers(0, 60))
def test_any_bytes_are_a_pattern_or_none(data: bytes, cut: int) -> None:
    whole = pattern(0x200C, 3, 1, (4, 5))
    for some in (data, whole[:cut] + data, whole[:cut]):
        found = recurrence.read(some)
        assert found is None or found.rule.startswith("FREQ=")


@pytest.mark.parametrize(
    ("class_", "line"),
    [
        ("IPM.Schedule.Meeting.Request", "METHOD:REQUEST"),
        ("IPM.Schedule.Meeting.Canceled", "METHOD:CANCEL"),
        ("IPM.Schedule.Meeting.Resp.Neg", "PARTSTAT=DECLINED"),
    ],
)
def test_a_meeting_says_what_is_done_with_it(class_: str, line: str) -> None:
    item = Item({mapi.CLASS: class_, f"{APPOINTMENT}820d": ms(2026, 3, 2), mapi.REPRESENTING_NAME: "Ana"})
    assert line in outlook_message.message(item).decode()


def test_a_task_says_its_days_and_state() -> None:
    item = Item(
        {
            mapi.CLASS: "IPM.Task",
            mapi.SUBJECT: "Fix pump",
            f"{TASK}8105": ms(2026, 5, 4),
            f"{TASK}8101": 1,
            f"{TASK}8102": "0.25",
            f"{TASK}811f": "Bo Tran",
        }
    )
    said = words(item)
    assert "due Monday, 4 May 2026" in said and "in progress" in said and "Bo Tran" in said
    assert "PERCENT-COMPLETE:25" in said


def test_a_contact_is_a_card() -> None:
    item = Item(
        {
            mapi.CLASS: "IPM.Contact",
            mapi.NAME: "Ana Lee",
            "0x3a11": "Lee",
            "0x3a06": "Ana",
            "0x3a16": "Parks, Inc.",
            "0x3a1c": "555-0100",
            f"{CONTACT}8083": "ana@city.example",
            f"{CONTACT}8045": "12 Elm; rear",
            f"{CONTACT}8046": "Springfield",
        }
    )
    raw = outlook_message.message(item).decode()
    for line in ("N:Lee;Ana;;;", "ORG:Parks\\, Inc.", 'TEL;TYPE="cell":555-0100', "ADR;TYPE=work:;;12 Elm\\; rear;Springfield;;;"):
        assert line + "\r\n" in raw
    assert "12 Elm; rear" in words(item)


def test_a_list_names_its_members() -> None:
    one_off = bytes(4) + bytes.fromhex("812b1fa4bea310199d6e00dd010f5402") + b"\0\0\x01\x90"
    members: Value = [one_off + "Bo\0SMTP\0bo@city.example\0".encode("utf-16-le"), b"short"]
    item = Item({mapi.CLASS: "IPM.DistList", mapi.NAME: "Crew", f"{CONTACT}8054": members})
    assert 'MEMBER;CN="Bo":mailto:bo@city.example' in outlook_message.message(item).decode()


@given(st.text(max_size=200), st.text(max_size=200))
def test_lines_are_short_and_read_back(value: str, name: str) -> None:
    data = content_lines.written([f"X;CN={content_lines.parameter(name)}:{content_lines.text(value)}"])
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.count(b"\r\n") - data.count(b"\r\n ") == 1
    data.decode()


KEYS = [*(f"{APPOINTMENT}{n}" for n in ("820d", "820e", "8216", "8208")), mapi.SUBJECT, "0x3a42", f"{CONTACT}8054"]
VALUES = st.one_of(
    st.integers(-(1 << 63), 1 << 63), st.text(max_size=20), st.binary(max_size=60), st.lists(st.binary(max_size=40), max_size=3)
)


@given(
    st.dictionaries(st.sampled_from(KEYS), VALUES),
    st.sampled_from(["IPM.Appointment", "IPM.Task", "IPM.Contact", "IPM.DistList", "IPM.Activity"]),
)
def test_no_value_raises(properties: dict[str, Value], class_: str) -> None:
    outlook_message.message(Item({mapi.CLASS: class_, **properties}))
