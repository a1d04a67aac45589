"""Mailbox names and files (docs/formats.md, "Mailboxes")."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config.settings import City, Courier, Settings
from civicmail.mail.courier.errors import BadHop
from civicmail.mail.courier.hops import Hop, Routes, parse_hop
from civicmail.mail.courier.maildir import Maildir, folder_name, mailbox


@pytest.mark.parametrize(
    ("local", "name"),
    [
        ("ann", "ann"), ("Ann.Lee", "ann.lee"), ("a+tag_1-x", "a+tag_1-x"), ("..", "%2E."), (".hidden", "%2Ehidden"),
        ("a..b", "a.%2Eb"), ("../../etc/passwd", "%2E.%2F.%2E%2Fetc%2Fpasswd"), ("john doe", "john%20doe"), ("100%", "100%25"),
        ("jürgen", "j%C3%BCrgen"), ("nul\0", "nul%00"), ("", "%"),
    ],
)  # fmt: skip
def test_names_of_mailboxes(local: str, name: str):
    assert folder_name(local) == name


@given(st.text(max_size=300))
def test_any_local_part_is_one_safe_folder(text: str):
    name = folder_name(text)
    assert re.fullmatch(r"[a-z0-9_+%-][A-Za-z0-9_+.%-]*", name) and ".." not in name and len(name) <= 255
    assert (Path("/m") / name).resolve().parent == Path("/m")


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_local_parts_share_a_folder_only_when_case_alone_tells_them_apart(a: str, b: str):
    assert (folder_name(a) == folder_name(b)) == (a.lower() == b.lower() or ({a, b} <= {"", "%"} and a == b))


def test_long_names_stay_told_apart():
    one, two = folder_name("ü" * 120 + "a"), folder_name("ü" * 120 + "b")
    assert one != two and len(one) <= 255 and len(two) <= 255


def test_a_file_is_in_new_when_it_is_whole_and_found_again_under_its_flags(tmp_path: Path):
    maildir = Maildir(tmp_path)
    box = maildir.mailbox("City.Example", "Ann")
    assert box == mailbox(tmp_path, "city.example", "ann") == tmp_path / "maildir" / "city.example" / "ann"
    maildir.write(box, "id", [b"a", b"b"])
    maildir.settle(box)
    assert (box / "new" / "id").read_bytes() == b"ab" and maildir.has(box, "id") and not maildir.has(box, "other")
    (box / "new" / "id").rename(box / "cur" / "id:2,RS")
    assert maildir.has(box, "id")
    assert (box / "cur" / "id:2,RS").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("maildir", Hop("maildir")), ("smtp://mx.example", Hop("smtp", "mx.example", 25)), ("", None),
        ("lmtp://[::1]:2424", Hop("lmtp", "::1", 2424)), ("lmtp://localhost", Hop("lmtp", "localhost", 24)),
    ],
)  # fmt: skip
def test_hops_are_what_the_settings_say(text: str, hop: Hop | None):
    assert parse_hop(text) == hop
    assert hop is None or parse_hop(str(hop)) == hop


@pytest.mark.parametrize("text", ["mbox", "http://x", "smtp://", "smtp://x:99999", "smtp://u:p@x", "smtp://x/path", "lmtp:/a"])
def test_what_is_no_hop_is_a_mistake_in_the_settings(text: str):
    with pytest.raises(BadHop):
        parse_hop(text)


def test_routes_come_before_local_and_outbound_and_a_bare_name_is_ours():
    courier = Courier(
        local="maildir", outbound="smtp://out:1", route={"Sub.City.Example": "lmtp://sub:2", "far.example": "smtp://far:3"}
    )
    routes = Routes(Settings(city=City(domains=["City.example", "town.example"]), courier=courier))
    expected = {
        "a@city.EXAMPLE": "maildir", "a@town.example": "maildir", "a@sub.city.example": "lmtp://sub:2", "a@far.example": "smtp://far:3",
        "a@other.example": "smtp://out:1", "postmaster": "maildir", '"a@far.example"@city.example': "maildir",
    }  # fmt: skip
    assert {a: str(routes.hop_for(a)) for a in expected} == expected
    assert routes.is_ours("x@TOWN.example") and not routes.is_ours("x@far.example") and not routes.is_ours("")
