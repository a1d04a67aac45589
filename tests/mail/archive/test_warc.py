"""WARC 1.1 records say what they mean, and any bytes come back exactly (promise 2)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.archive import warc

ids = st.binary(min_size=16, max_size=16).filter(any)


@given(ids, st.binary(max_size=500), st.integers(0, 253_402_300_799_999))
def test_a_message_comes_back_exactly_whatever_it_looks_like(id_: bytes, body: bytes, at: int) -> None:
    sha = hashlib.sha256(body).digest()
    content = warc.resource(id_, at, sha, len(body)) + body + warc.END
    record = warc.parse(b"before" + content + b"behind", 6)
    assert record is not None
    assert record.type == b"resource"
    assert (b"before" + content)[record.start : record.stop] == body
    assert record.end == 6 + len(content)
    assert record.fields[b"warc-block-digest"] == b"sha256:" + sha.hex().encode()
    assert record.fields[b"content-type"] == b"message/rfc822"


@given(ids, st.binary(max_size=300), st.integers(1, 2**60))
def test_a_head_comes_back_byte_for_byte_with_its_place(id_: bytes, head: bytes, number: int) -> None:
    content = b"".join(warc.metadata("00af", number, id_, 5, head))
    record = warc.parse(content, 0)
    assert record is not None
    assert content[record.start : record.stop] == head
    assert warc.place_of(record) == ("00af", number)
    assert warc.about(record) == id_
    assert record.end == len(content)


def test_an_entry_is_about_no_capture() -> None:
    record = warc.parse(b"".join(warc.metadata("0001", 1, bytes(16), 5, b"{}")), 0)
    assert record is not None
    assert warc.about(record) == bytes(16)
    assert b"warc-refers-to" not in record.fields


def test_a_revisit_names_the_first_capture_and_its_place() -> None:
    content = warc.revisit(b"2" * 16, 5, b"s" * 32, b"1" * 16, 3, 4711)
    record = warc.parse(content, 0)
    assert record is not None
    assert record.type == b"revisit"
    assert record.fields[b"warc-profile"].endswith(b"/revisit/identical-payload-digest")
    assert record.fields[b"civicmail-refers-to-place"] == b"3 4711"
    assert (record.start, record.stop) == (record.stop, record.start)
    assert record.end == len(content)


def test_the_first_record_says_what_the_segment_is() -> None:
    content = warc.info("ab" * 16, "mail", "2026-03", 0, "note\n\n— me\n")
    record = warc.parse(content, 0)
    assert record is not None
    assert record.type == b"warcinfo"
    block = content[record.start : record.stop]
    assert b"class: mail\r\nmonth: 2026-03\r\ncheckpoint: bm90ZQoK4oCUIG1lCg==\r\n" in block


@given(st.binary(max_size=200), st.integers(0, 210))
def test_nothing_is_found_where_no_whole_record_stands(noise: bytes, offset: int) -> None:
    assert warc.parse(noise, offset) is None
    whole = b"".join(warc.metadata("0001", 1, bytes(16), 5, b"head"))
    assert warc.parse(whole[:-1], 0) is None
    assert warc.parse(whole, 1) is None


@given(st.integers(-60_000_000_000_000, 253_402_300_799_999))
def test_dates_are_those_of_the_calendar(ms: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC).timestamp() + ms / 1000
    said = warc.date(ms).decode()
    if ms >= 0:
        expected = datetime.fromtimestamp(ms // 1000, UTC)
        assert said == f"{expected:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"
    else:
        read = datetime.fromisoformat(said)
        assert abs(read.timestamp() - moment) < 0.002
