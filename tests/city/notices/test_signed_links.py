"""Signed links: nobody makes one, none is for two things, and old keys go on verifying (P-31)."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink, OldLink
from civicmail.core.config.errors import ConfigError

CAPTURE = bytes(range(16))
NOW = 1_772_452_800_000
DAY = 86_400_000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return tmp_path


@pytest.mark.parametrize("purpose", signed_links.PURPOSES)
def test_a_link_says_what_it_was_made_for(data: Path, purpose: signed_links.Purpose) -> None:
    text = signed_links.make(data, purpose, CAPTURE, 7, NOW + DAY, b"more")
    assert signed_links.read(data, purpose, text, NOW) == signed_links.Token(purpose, CAPTURE, 7, NOW + DAY, b"more")
    assert len(signed_links.make(data, purpose, CAPTURE, 7, 0)) == 55
    assert stat.S_IMODE(signed_links.key_path(data).stat().st_mode) == 0o600


@pytest.mark.rule("P-31", "A signed link of which any letter is another one does nothing.")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 60), letter=st.sampled_from("Aa0-_=+ \u0661"))
def test_a_changed_letter_makes_a_link_nobodys(data: Path, at: int, letter: str) -> None:
    """A signed link of which any letter is another one does nothing, whoever made it."""
    text = signed_links.make(data, "link", CAPTURE, 1, 0, b"https://a.example")
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        with pytest.raises(BadLink):
            signed_links.read(data, "link", changed, NOW)


@pytest.mark.parametrize("text", ["", "A", "x" * 55, "\u0661" * 55, "A" * 100_000])
def test_what_is_no_link_of_ours_is_said_so(data: Path, text: str) -> None:
    with pytest.raises(BadLink):
        signed_links.read(data, "link", text, NOW)


@pytest.mark.rule("P-31", "A signed link for one purpose is none for another.")
def test_a_link_for_one_thing_is_none_for_another(data: Path) -> None:
    """A signed link that reports does not verify, release or lead anywhere."""
    text = signed_links.make(data, "report", CAPTURE, 1, 0)
    for purpose in signed_links.PURPOSES.keys() - {"report"}:
        with pytest.raises(BadLink):
            signed_links.read(data, purpose, text, NOW)


@pytest.mark.rule("P-31", "A signed link does nothing after its time.")
def test_a_link_ends_when_it_was_said(data: Path) -> None:
    """A signed link does nothing after its time; one without an end goes on."""
    text = signed_links.make(data, "digest", CAPTURE, 1, NOW)
    assert signed_links.read(data, "digest", text, NOW - 1).until == NOW
    with pytest.raises(OldLink):
        signed_links.read(data, "digest", text, NOW)
    signed_links.read(data, "digest", signed_links.make(data, "digest", CAPTURE, 1, 0), NOW + 10_000 * DAY)


@pytest.mark.rule("P-31", "A new key signs immediately, and links under the last older ones remain valid.")
def test_links_of_an_older_key_go_on_until_there_are_sixteen_newer_ones(data: Path) -> None:
    """A new key signs at once, and links in mailboxes go on working under the old one."""
    first = signed_links.make(data, "link", CAPTURE, 1, 0)
    for _ in range(signed_links.MAX_KEYS - 1):
        signed_links.rotate(data, NOW)
    assert signed_links.make(data, "link", CAPTURE, 1, 0) != first
    signed_links.read(data, "link", first, NOW)
    signed_links.rotate(data, NOW)
    with pytest.raises(BadLink):
        signed_links.read(data, "link", first, NOW)


def test_another_installation_has_other_keys(data: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "keys").mkdir()
    with pytest.raises(BadLink):
        signed_links.read(other, "link", signed_links.make(data, "link", CAPTURE, 1, 0), NOW)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"v": 2, "made": 0, "keys": []}', b'{"v": 1, "made": 0, "keys": [{"number": 1, "key": "00"}]}']
)
def test_a_damaged_key_file_is_named(data: Path, content: bytes) -> None:
    signed_links.key_path(data).write_bytes(content)
    with pytest.raises(ConfigError, match=r"keys/links\.json"):
        signed_links.make(data, "link", CAPTURE, 1, 0)
