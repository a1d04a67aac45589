"""Names of labels, and sheets of ids, whatever somebody types and whatever arrives."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.desk.mailbox import label_names, sheets

TYPED = st.text(st.sampled_from("ab Ä/ä\t\n\u202e\u200b\ud800🦉ß\0İ"), max_size=12) | st.text(max_size=30)


@settings(max_examples=150, deadline=None)
@given(TYPED)
def test_a_name_is_what_is_seen_of_it_and_cleaning_it_again_changes_nothing(typed: str) -> None:
    name = label_names.clean(typed)
    assert label_names.clean(name) == name
    assert name.encode() is not None and not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in name)
    levels = name.split("/") if name else []
    assert all(level and level == " ".join(level.split()) for level in levels)
    assert label_names.key(name).count("/") == name.count("/") and bool(label_names.key(name)) == bool(name)


@settings(max_examples=60, deadline=None)
@given(TYPED, TYPED)
def test_what_lies_below_a_label_lies_below_its_new_name(one: str, other: str) -> None:
    old, new = label_names.clean(one), label_names.clean(other)
    if old and new:
        child = label_names.rename_below(f"{old}/x", old, new)
        assert child == f"{new}/x" and label_names.below(new, [label_names.key(child)]) == [label_names.key(child)]


def test_two_names_that_look_alike_are_one() -> None:
    assert label_names.key("Projects/Ärger") == label_names.key("PROJECTS/arger")
    assert label_names.key("🦉") != label_names.key("🐈")
    assert label_names.below("Roads", ["roads", "roads/a", "roadsides/a", "a/roads/b"]) == ["roads/a"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=16, max_size=16), max_size=20))
def test_a_sheet_has_the_ids_that_were_put_on_it_each_once(ids: list[bytes]) -> None:
    assert sheets.unpacked(sheets.packed(ids)) == set(ids)
    weeks = sheets.by_week(ids)
    assert {id_ for some in weeks.values() for id_ in some} == set(ids)
    assert all(sheets.week_at(int.from_bytes(id_[:6])) == week for week, some in weeks.items() for id_ in some)


def test_what_is_no_id_is_on_no_sheet() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        sheets.packed([b"short"])
