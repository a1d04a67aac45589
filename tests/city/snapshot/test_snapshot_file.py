"""The published file as a format: it reads back whole, and nothing that is damaged is taken for one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.identity.people import city
from civicmail.city.snapshot.snapshot import Changes, Snapshot, apply_changes
from civicmail.city.snapshot.snapshot_file import decode, encode

WHOLE = orjson.loads(encode(city()))


def test_what_is_published_reads_back_equal_and_is_built_when_asked_for() -> None:
    snapshot, read = city(), decode(encode(city()))
    assert read == snapshot and encode(read) == encode(snapshot)
    assert read.people["ann"] is read.people["ann"] and dict(read.mailboxes) == dict(snapshot.mailboxes)
    assert read.person_of("ANN@city.example") == snapshot.people["ann"] and len(read.people) == len(snapshot.people)
    mailbox = read.mailbox_of("A.Mueller+x@city.example")
    assert mailbox is not None and mailbox.id == "ann@city.example"
    assert "ghost" not in read.people and read.mailbox_of("ghost@city.example") is None


def test_addresses_elsewhere_are_found_and_are_not_in_files_of_an_older_program() -> None:
    snapshot = city()
    ann = replace(snapshot.people["ann"], outside=("ann@home.example",), personal=((5, 9), (20, 30)))
    read = decode(encode(replace(snapshot, people=snapshot.people | {"ann": ann})))
    assert read.by_outside == {"ann@home.example": "ann"} and read.people["ann"].outside == ("ann@home.example",)
    assert [now for now in (4, 5, 8, 9, 20) if read.people["ann"].may_personally(now)] == [5, 8, 20]
    gone = apply_changes(read, [Changes(read.version + 1, read.at + 1, (replace(ann, outside=("a@new.example",)),))])
    assert gone.by_outside == {"a@new.example": "ann"} and gone.by_name == read.by_name
    assert all(snapshot.people[id_].name == name for name, ids in read.by_name.items() for id_ in ids)
    other = apply_changes(read, [Changes(read.version + 1, read.at + 1, (replace(ann, name="Ann New"),), gone=("bob",))])
    assert other.by_name["Ann New"] == ("ann",) and not {"ann", "bob"} & {
        i for n, ids in other.by_name.items() if n != "Ann New" for i in ids
    }
    older = orjson.loads(encode(snapshot))
    for person in older["people"]:
        del person["outside"], person["personal"], person["former"]
    for box in older["mailboxes"]:
        del box["forward"], box["forward_until"], box["files_until"]
    assert decode(orjson.dumps(older)) == snapshot


def test_every_version_but_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        decode(orjson.dumps(WHOLE | {"v": 2}))


def paths(plain: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    return [at, *(p for key, value in inside for p in paths(value, (*at, key)))]


LATER = ("outside", "personal", "restricted", "former", "forward", "forward_until", "files_until")
KEYS = [p for p in paths(WHOLE) if p and p[0] != "groups" and isinstance(p[-1], str) and p[-1] not in LATER]


@given(st.sampled_from(KEYS), st.booleans())
def test_a_member_that_is_missing_or_unknown_makes_it_no_snapshot(path: tuple[Any, ...], unknown: bool) -> None:
    damaged = orjson.loads(orjson.dumps(WHOLE))
    place = damaged
    for key in path[:-1]:
        place = place[key]
    if unknown and len(path) > 1:
        place[path[-1] + "x"] = 1
    else:
        del place[path[-1]]
    with pytest.raises(ValueError):
        decode(orjson.dumps(damaged))


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.integers(-9, 9) | st.text(max_size=3), st.lists, max_leaves=5).map(orjson.dumps)
)
def test_no_bytes_are_taken_for_a_snapshot_or_raise_anything_else(content: bytes) -> None:
    with pytest.raises(ValueError):
        decode(content)


@given(
    st.sampled_from(["version", "at", "domains", "people", "mailboxes", "groups"]),
    st.none() | st.just("x") | st.lists(st.just(1), min_size=1),
)
def test_a_member_of_another_shape_is_no_snapshot(member: str, value: Any) -> None:
    if member == "domains" and value is not None:
        return  # text is a list of letters: nobody is in such a domain
    with pytest.raises(ValueError):
        decode(orjson.dumps(WHOLE | {member: value}))


def test_an_empty_city_is_a_snapshot_too() -> None:
    assert decode(encode(Snapshot(0, 0))) == Snapshot(0, 0)
