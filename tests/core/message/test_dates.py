"""Dates: RFC 5322, obsolete zones, the broken forms of real mail; no error, never a guess at the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import dates


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue, 1 Jul 2003 10:52:37 +0200", (2003, 7, 1, 8, 52, 37)),
        ("1 Jul 2003 10:52 -0330", (2003, 7, 1, 14, 22, 0)),
        ("Tue, 01 Jul 2003 10:52:37 +0200 (CEST)", (2003, 7, 1, 8, 52, 37)),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", None),
        ("Fri, 21 Nov 97 09:55:06 GMT", (1997, 11, 21, 9, 55, 6)),
        ("Fri, 21 Nov 02 09:55:06 EST", (2002, 11, 21, 14, 55, 6)),
        ("21 Nov 103 09:55:06 PDT", (2003, 11, 21, 16, 55, 6)),
        ("Fri, 31 Dec 1999 23:59:60 Z", (1999, 12, 31, 23, 59, 59)),
        ("Tue, 1 Jul 2003 10:52:37", (2003, 7, 1, 10, 52, 37)),
        ("Tue, 1 Jul 2003 10:52:37 -0000", (2003, 7, 1, 10, 52, 37)),
        ("Tue, 1 Jul 2003 10:52:37 XYZ", (2003, 7, 1, 10, 52, 37)),
        ("Tue, 1 Jul 2003 10:52:37 GMT+0200", (2003, 7, 1, 8, 52, 37)),
        ("Tue, 1 Jul 2003 10:52:37 +02:00", (2003, 7, 1, 8, 52, 37)),
        ("Tue, 1-Jul-2003 10.52.37 +0200", (2003, 7, 1, 8, 52, 37)),
        ("Tue Jul  1 10:52:37 2003", (2003, 7, 1, 10, 52, 37)),
        ("Tue Jul  1 10:52:37 CEST 2003", (2003, 7, 1, 8, 52, 37)),
        ("Tue Jul  1 10:52:37 2003 +0200", (2003, 7, 1, 8, 52, 37)),
        ("Jul 1, 2003 10:52:37 PM", (2003, 7, 1, 22, 52, 37)),
        ("1 Jul 2003 12:00:00 AM +0000", (2003, 7, 1, 0, 0, 0)),
        ("2003-07-01T10:52:37+02:00", (2003, 7, 1, 8, 52, 37)),
        ("2003-07-01 10:52:37.123Z", (2003, 7, 1, 10, 52, 37)),
        ("Di, 1 Mai 2003 10:52:37 +0200", (2003, 5, 1, 8, 52, 37)),
        ("Mon, 05 Jan 2004 12:33:44 +9900", (2004, 1, 5, 12, 33, 44)),
        ("Sat, 31 Feb 2003 10:00:00 Z", None),
        ("Tue, 1 Jul 2003 25:00:00 Z", None),
        ("Tue, 1 Jul 2003 10:61:00 Z", None),
        ("Tue, 1 Foo 2003 10:00:00 Z", None),
        ("31 Dec 9999 23:59:59 -2300", None),
        ("1 Jan 0001 00:00:00 +2300", None),
        ("04/05/2003 10:00", None),
        ("", None),
    ],
)
def test_a_date_is_read_or_is_none(value: str, expected: tuple[int, ...] | None) -> None:
    assert dates.parse(value) == (datetime(*expected, tzinfo=UTC) if expected else None)  # type: ignore[misc, arg-type]


def test_a_received_field_has_its_date_behind_the_last_semicolon() -> None:
    assert dates.received("from a (b; 1 Jan 1990 00:00:00 Z) by c; Tue, 1 Jul 2003 10:52:37 Z") == datetime(
        2003, 7, 1, 10, 52, 37, tzinfo=UTC
    )
    assert dates.received("from a by c") is None


@given(
    st.datetimes(datetime(1971, 1, 2), datetime(9998, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
)
def test_every_well_formed_date_comes_back(local: datetime, minutes: int) -> None:
    when = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    parsed = dates.parse(format_datetime(when))
    assert parsed == when
    assert parsed is not None and parsed.tzinfo is UTC


@given(st.one_of(st.text(max_size=60), st.text("0123456789:-+ JanGMT,().T", max_size=60)))
def test_any_text_gives_a_utc_date_or_none(value: str) -> None:
    for parsed in (dates.parse(value), dates.received(value)):
        assert parsed is None or parsed.tzinfo is UTC
