"""Keys of ours and what the zone has of them (P-26, RFC 6376 3.6.1)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from civicmail.mail.courier.dkimkeys import Key
from civicmail.mail.courier.publishedkeys import check_key, of_interest, unsigned
from civicmail.mail.screening.published_records import zone_line
from mail.screening.zone import Zone

NOW = 1_772_600_000_000
DAY = 86_400_000
KEY = Key("city.example", "one", "ed25519", "active", NOW - 9 * DAY, NOW - 2 * DAY, "QUJD")
OTHER = "v=DKIM1; k=ed25519; p=REVG"


@pytest.mark.parametrize(
    ("state", "days", "record", "said", "word"),
    [
        ("active", 2, KEY.record, "good", "signs what leaves"),
        ("active", 2, "", "missing", "do not hold"),
        ("active", 2, OTHER, "wrong", "another one"),
        ("active", 2, "TEMP", "unknown", "could not be asked"),
        ("made", 2, "", "waits", "publish it, then activate it"),
        ("made", 2, KEY.record, "waits", "signs nothing yet"),
        ("retired", 2, KEY.record, "good", "leave it in the zone"),
        ("retired", 2, "", "weak", "on its way does not verify"),
        ("retired", 20, KEY.record, "waits", "can leave the zone"),
        ("retired", 20, "", "good", "has left"),
    ],
)
def test_a_key_is_told_by_its_state_and_the_zone(state: str, days: int, record: str, said: str, word: str) -> None:
    key = replace(KEY, state=state, since=NOW - days * DAY)  # type: ignore[arg-type]
    found = asyncio.run(check_key(Zone({key.name: {"TXT": record}} if record else {}), key, NOW))
    assert (found.state, found.name) == (said, "one._domainkey.city.example") and word in found.text
    wanted = said in ("missing", "wrong", "weak") or (state == "made" and not record)
    assert found.publish == (zone_line(key.name, key.record) if wanted else "")


def test_a_domain_without_a_key_of_its_own_or_above_it_is_named() -> None:
    made = replace(KEY, domain="parks.example", state="made")
    names = ["city.example", "fire.city.example", "parks.example"]
    assert [one.name for one in unsigned(names, [KEY, made])] == ["_domainkey.parks.example"]


def test_what_retired_long_ago_is_of_no_interest() -> None:
    old = replace(KEY, state="retired", since=NOW - 100 * DAY)
    assert of_interest([KEY, old, replace(old, state="made")], NOW) == [KEY, replace(old, state="made")]


def test_a_long_record_is_a_line_of_strings_and_quotes_are_escaped() -> None:
    assert zone_line("a.example", "x" * 300) == f'a.example. IN TXT "{"x" * 255}" "{"x" * 45}"'
    assert zone_line("a.example", 'a"b\\') == 'a.example. IN TXT "a\\"b\\\\"'
