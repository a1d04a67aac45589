"""What a query sees of one capture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.tree import View
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.search.fields import header_date, view
from civicmail.mail.search.schema import stored

RECEIVED = 1_700_000_000_000
DAY = 86_400_000


def seen(raw: bytes, *recipients: str) -> View:
    envelope = Envelope("", tuple(Recipient(r) for r in recipients), RECEIVED)
    capture = Capture(capture_id(RECEIVED), RECEIVED, bytes(32), len(raw), bytes(32), Source("mx"), envelope, custodian="Zoë")
    return view(capture, message_parser.fields(raw))


def test_an_address_is_found_whole_by_domain_by_local_part_and_by_words() -> None:
    found = seen(b"From: =?utf-8?q?J=C3=B6rg?= <J.Smith+x@Mail.X.Example>\r\n\r\n")["from"].split()
    assert found == ["jorg", "j.smith+x@mail.x.example", "j", "smith", "x", "j.smith+x@", "@mail.x.example"]


def test_the_envelope_is_seen_apart_from_the_header() -> None:
    found = seen(b"To: a@city.example\r\n\r\n", "hidden@city.example", "Ann")
    assert found["rcpt"].split() == ["hidden@city.example", "hidden", "hidden@", "@city.example", "ann", "ann@"]
    assert "hidden" not in found["to"] + found["bcc"]


def test_mail_for_an_alias_is_found_under_the_mailbox_too() -> None:
    """P-24: whoever asks for all that a mailbox got misses nothing."""
    envelope = Envelope("", (Recipient("a.mueller@city.example", box="ann@city.example"),), RECEIVED)
    capture = Capture(capture_id(RECEIVED), RECEIVED, bytes(32), 0, bytes(32), Source("mx"), envelope)
    found = view(capture, message_parser.fields(b"\r\n"))["rcpt"].split()
    assert "a.mueller@city.example" in found and "ann@city.example" in found


def test_files_by_name_extension_and_type() -> None:
    raw = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b'--b\r\nContent-Type: application/pdf; name="Plan 7.PDF"\r\nContent-Disposition: attachment\r\n\r\nx\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"
    )
    found = seen(raw)
    assert found["filename"].split() == ["plan", "7", "pdf"]
    assert found["filetype"].split() == ["pdf", "application/pdf", "png", "image/png"]
    assert found["attachments"] == 2
    assert found["body"].split() == ["hello"]


def test_identity_and_custodian() -> None:
    found = seen(b"Message-ID: <AbC@x.example>\r\nList-Id: Dev <dev.lists.example>\r\n\r\n")
    assert found["messageid"] == "abc@x.example"
    assert "dev lists example" in " ".join(found["list"].split())
    assert found["custodian"].split() == ["zoe", "=zoë"]
    assert (found["received"], found["size"]) == (RECEIVED, 65)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (None, None),
        (datetime(2023, 11, 1, tzinfo=timezone(timedelta(hours=2))), 1_698_789_600_000),
        (datetime(2023, 11, 1), 1_698_796_800_000),
        (datetime(1969, 12, 31, tzinfo=UTC), None),
        (datetime.fromtimestamp((RECEIVED + DAY) / 1000, UTC), RECEIVED + DAY),
        (datetime.fromtimestamp((RECEIVED + 3 * DAY) / 1000, UTC), None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (datetime(9999, 12, 31, tzinfo=UTC), None),
    ],
)
def test_a_header_date_is_used_where_it_can_be_true(date: datetime | None, expected: int | None) -> None:
    assert header_date(date, RECEIVED) == expected


def test_what_is_printed_is_always_text() -> None:
    raw = b"Subject: \xff\xfe\r\nFrom: \xff <\xff@x>\r\n\r\n\xff"
    fields = message_parser.fields(raw)
    capture = Capture(capture_id(RECEIVED), RECEIVED, bytes(32), 1, bytes(32), Source("mx"), Envelope("", (), RECEIVED))
    stored(capture, fields).decode("utf-8")
