"""Whose a mailbox is, and what a wrong directory says (P-06; one department first)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.directory.departments import Department, read, record
from civicmail.city.directory.errors import BadDirectory

TOML = """\
[department.clerk]
addresses = ["Ann@city.example", "clerk@city.example"]

[department.parks]
addresses = ["parks.example", "gardener@city.example"]
"""


@pytest.mark.parametrize(
    ("local", "domain", "whose"),
    [
        ("ann", "city.example", "clerk"),
        ("ANN", "City.Example", "clerk"),
        ("ann+taxes", "city.example", "clerk"),
        ("gardener", "city.example", "parks"),
        ("anybody", "parks.example", "parks"),
        ("bob", "city.example", None),
        ("ann", "parks.example", "parks"),
        ("+ann", "city.example", None),
    ],
)
def test_a_mailbox_belongs_to_one_department(local: str, domain: str, whose: str | None) -> None:
    found = read(TOML, b"").of(local, domain)
    assert (found.name if found else None) == whose


def test_nobody_has_left_the_old_system_before_somebody_said_so() -> None:
    assert {d.mode for d in read(TOML, b"").by_name.values()} == {"elsewhere"}


@given(st.sampled_from(["elsewhere", "observe", "live"]), st.integers(1, 1 << 45))
def test_modes_are_read_back(mode, since):
    written = record([Department("clerk", (), mode, since, "0001:7"), Department("parks", ())])
    clerk, parks = read(TOML, written).by_name.values()
    assert (clerk.mode, clerk.since, clerk.entry) == (mode, since, "0001:7")
    assert (parks.mode, parks.since) == ("elsewhere", 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("department = 3", "a table"),
        ("[departments.x]", "departments is unknown"),
        ("[department.x]\naddress = []", "exactly one key"),
        ("[department.x]\naddresses = 'a@b'", "must be a list"),
        ("[department.x]\naddresses = [' ']", "must be a list"),
        ("[department.x]\naddresses = ['a@b']\n[department.y]\naddresses = ['A@B']", "a@b is in x and in y"),
        ("[department.x", "not TOML"),
    ],
)
def test_a_wrong_directory_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(BadDirectory, match=says):
        read(text, b"")


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"modes":{"clerk":{"mode":"away","since":1,"entry":""}}}', b'{"modes":{"clerk":1}}']
)
def test_a_record_of_modes_that_is_not_ours_is_refused(content: bytes) -> None:
    with pytest.raises(BadDirectory):
        read(TOML, content)
