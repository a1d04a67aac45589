"""Adopted law packs: signed by the installation, verified at each read, kept by version (R20)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.law import adopted, shipped
from civicmail.city.law.adopted import adopt, in_force, version
from civicmail.city.law.errors import BadPack, NoPack, NotInForce, NotInPack, NotVerified
from civicmail.core.ledger import keys, notes

TEXT = shipped.text("wisconsin")
TODAY = date(2026, 12, 1)


def newer(number: str, since: str = "2026-01-01", until: str = "2028-12-31") -> str:
    text = TEXT.replace('version = "2026-12-01"', f'version = "{number}"').replace("since = 2026-01-01", f"since = {since}", 1)
    return text.replace("until = 2028-12-31", f"until = {until}", 1)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation with a key and without a law pack."""
    keys.create(tmp_path / "keys")
    return tmp_path


def put(data: Path, text: str = TEXT, at: int = 1000) -> Path:
    pack = adopt(data, text, by="p-attorney", at=at, today=TODAY).pack
    return adopted.path(data, pack.name, pack.version)


def test_a_new_installation_has_no_pack_and_hears_how_to_adopt_the_one_that_is_offered(tmp_path: Path) -> None:
    with pytest.raises(NoPack, match="civicmail law adopt wisconsin"):
        in_force(tmp_path, TODAY)


def test_an_adopted_pack_is_in_force_word_for_word(data: Path) -> None:
    put(data)
    (known,) = adopted.adopted(data)
    assert (known.text, known.at, known.by) == (TEXT, 1000, "p-attorney")
    assert in_force(data, TODAY) == shipped.shipped("wisconsin")


@pytest.mark.rule(
    "P-21", "A law pack with a wrong signature, or one of an unknown key, decides nothing, and no other takes its place."
)
def test_r20_a_changed_pack_is_an_error_and_no_other_takes_its_place(data: Path) -> None:
    put(data)
    file = put(data, newer("2027-01-15"), at=2000)
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"days = 12", b"days = 1"))
    for read in (lambda: in_force(data, TODAY), lambda: version(data, "wisconsin", "2026-12-01"), lambda: adopted.adopted(data)):
        with pytest.raises(NotVerified, match=r"law/wisconsin-2027-01-15\.toml was changed after it was adopted"):
            read()
    file.write_bytes(whole)
    assert in_force(data, TODAY).version == "2027-01-15"


@pytest.mark.rule("P-21", "A law pack that nobody adopted decides nothing.")
def test_r20_a_pack_without_a_signature_or_of_another_installation_is_an_error(data: Path, tmp_path: Path) -> None:
    file = put(data)
    signed = file.read_bytes()
    for content in (TEXT.encode(), b"", signed[:-60], signed + b"\n", signed + signed.splitlines(keepends=True)[-1]):
        file.write_bytes(content)
        with pytest.raises(NotVerified, match=r"has no signature|was changed"):
            in_force(data, TODAY)
    other = tmp_path / "other"
    other.mkdir()
    keys.create(other / "keys")
    file.write_bytes(put(other).read_bytes())
    with pytest.raises(NotVerified, match="signed with an unknown key"):
        in_force(data, TODAY)


def test_a_pack_under_the_name_of_another_is_an_error(data: Path) -> None:
    file = put(data)
    file.rename(file.with_name("wisconsin-2030-01.toml"))
    with pytest.raises(NotVerified, match="under another name"):
        in_force(data, TODAY)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_byte_of_an_adopted_pack_can_be_changed(tmp_path_factory: pytest.TempPathFactory, at: int, bit: int) -> None:
    data = tmp_path_factory.getbasetemp() / "one-adopted-pack"
    if not data.exists():
        keys.create(data / "keys")
    file = put(data)
    whole = file.read_bytes()
    at %= len(whole)
    public = keys.public(data / "keys")
    with pytest.raises(NotVerified):
        adopted._read(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :], file.name, public)


def test_a_signature_of_the_ledger_does_not_fit_a_pack(data: Path) -> None:
    """The key signs checkpoints as well: their words are never those of a pack."""
    key = keys.private(data / "keys")
    file = put(data)
    lines = file.read_bytes().splitlines(keepends=True)
    note = notes.sign(key, 1, bytes(32), 1).note.splitlines()[-1].rpartition(" ")[2]
    file.write_bytes(b"".join(lines[:-1]) + b" ".join([*lines[-1].split()[:3], note.encode()]) + b"\n")
    with pytest.raises(NotVerified, match="was changed"):
        in_force(data, TODAY)


def test_open_requests_keep_the_version_with_which_they_began(data: Path) -> None:
    put(data)
    put(data, newer("2027-01-15"), at=2000)
    assert in_force(data, TODAY).version == "2027-01-15"
    assert version(data, "wisconsin", "2026-12-01").version == "2026-12-01"
    with pytest.raises(NotInPack, match="not among those that were adopted"):
        version(data, "wisconsin", "2020-01-01")


def test_a_pack_can_be_adopted_before_it_begins(data: Path) -> None:
    put(data)
    put(data, newer("2027-01-15", since="2027-02-01"), at=2000)
    assert in_force(data, date(2027, 1, 31)).version == "2026-12-01"
    assert in_force(data, date(2027, 2, 1)).version == "2027-01-15"


@pytest.mark.rule("P-21", "An expired law pack decides nothing.")
def test_r20_an_expired_pack_is_an_error_and_the_one_before_does_not_come_back(data: Path) -> None:
    put(data)
    put(data, newer("2027-01-15", until="2027-06-30"), at=2000)
    assert in_force(data, date(2027, 6, 30)).version == "2027-01-15"
    with pytest.raises(NotInForce, match="ended on 2027-06-30"):
        in_force(data, date(2027, 7, 1))
    assert adopted.last(data, date(2027, 7, 1)).pack.version == "2027-01-15"
    with pytest.raises(NotInForce):
        adopt(data, newer("2025-01-15", since="2025-01-01", until="2026-11-30"), by="p", at=3000, today=TODAY)


def test_a_version_has_one_text(data: Path) -> None:
    put(data)
    with pytest.raises(BadPack, match="give the changed pack a new version"):
        put(data, TEXT + "# another\n")
    put(data, newer("2027-01-15"), at=2000)
    put(data, at=3000)  # back to the first
    assert in_force(data, TODAY).version == "2026-12-01"


def test_a_pack_that_cannot_be_used_is_not_adopted(data: Path) -> None:
    with pytest.raises(BadPack):
        put(data, TEXT.replace("[calendar]", ""))
    assert adopted.adopted(data) == []
