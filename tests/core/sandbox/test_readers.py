"""What files say, read in this process: every format, every nesting, and what cannot be read said plainly (P-24)."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.filetype.identify import identify
from civicmail.core.sandbox import errors, readers
from core.sandbox import samples

PLANTED = samples.planted()
SCANNED = samples.scanned()


class Said:
    """Out (extraction.py) as lists."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pictures: list[bytes] = []
        self.wrong: list[tuple[str, str]] = []

    def text(self, text: str) -> None:
        self.texts.append(text)

    def picture(self, data: bytes) -> None:
        self.pictures.append(data)

    def unreadable(self, path: str, why: str) -> None:
        self.wrong.append((path, why))


def said(content: bytes, **options: bool) -> Said:
    out = Said()
    readers.read(content, out, **options)  # type: ignore[arg-type]
    return out


@pytest.mark.parametrize("place", PLANTED)
def test_a_word_is_read_wherever_it_stands(place: str) -> None:
    out = said(PLANTED[place])
    assert samples.word(place) in "\n".join(out.texts)
    assert out.wrong == []


def test_the_places_are_forty_and_their_words_differ() -> None:
    words = [samples.word(place) for place in (*PLANTED, *SCANNED)]
    assert len(words) == len(set(words)) >= 40


@pytest.mark.parametrize("place", SCANNED)
def test_pictures_are_counted_first_and_drawn_when_asked_for(place: str) -> None:
    assert said(SCANNED[place]).pictures == [b""]
    (picture,) = said(SCANNED[place], pictures=True).pictures
    assert picture.startswith((b"\x89PNG", b"P5 "))


def test_words_of_two_cells_are_two_words() -> None:
    cells = '<c r="B1" t="inlineStr"><is><t>two</t></is></c>'
    assert "\n".join(said(samples.xlsx("one", cells)).texts).split() == ["Sheet1", "one", "two"]
    careful = "\n".join(said(samples.xlsx("one", cells), careful=True).texts).split()
    assert {"one", "two"} <= set(careful)


def test_an_icon_is_no_picture_that_shows_words() -> None:
    gif = b"GIF89a" + (16).to_bytes(2, "little") * 2 + b"\0" * 20
    assert said(gif).pictures == []


def encrypted_zip() -> bytes:
    data = bytearray(samples.zipped({"a.txt": "x"}))
    with zipfile.ZipFile(BytesIO(bytes(data))) as archive:
        at = archive.start_dir
    data[at + 8] |= 1
    data[6] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (samples.seven({"a.txt": b"x"}, password="secret"), errors.ENCRYPTED),
        (encrypted_zip(), errors.ENCRYPTED),
        (samples.doc("x", flags=0x0300), errors.ENCRYPTED),
        (samples.xls("x", password=True), errors.ENCRYPTED),
        (samples.ole({"EncryptedPackage": b"x"}), errors.ENCRYPTED),
        (b"-----BEGIN PGP MESSAGE-----\n\nabc\n", errors.ENCRYPTED),
        (b"Rar!\x1a\x07\x00" + bytes(60), errors.DAMAGED),
        (b"%PDF-1.7 nothing behind it", errors.DAMAGED),
        (samples.docx(samples.paragraph("word"))[:-40], errors.DAMAGED),
        (samples.PACKERS["gz"](random.Random(1).randbytes(90))[:-20], errors.DAMAGED),
        (samples.docx("<w:p><w:r><w:t>kept</w:t></w:r>"), errors.DAMAGED),
        (samples.ole({"Something": b"x"}), errors.TYPE_UNKNOWN),
    ],
)
def test_what_gives_no_text_says_why(content: bytes, why: str) -> None:
    assert why in {reason for _, reason in said(content).wrong}


def test_a_broken_member_does_not_end_the_others() -> None:
    members: dict[str, bytes | str] = {
        "a.pdf": b"%PDF-1.7 broken",
        "b.txt": "kept",
        "c.7z": samples.seven({"x": b"x"}, password="p"),
    }
    out = said(samples.zipped(members))
    assert "kept" in "\n".join(out.texts)
    assert out.wrong == [("a.pdf", errors.DAMAGED), ("c.7z/x", errors.ENCRYPTED)]


def test_text_before_the_break_is_kept() -> None:
    out = said(samples.docx("<w:p><w:r><w:t>kept</w:t></w:r>"))
    assert "kept" in "\n".join(out.texts)


@pytest.mark.rule("P-01", "Content that expands too far is not unpacked.")
def test_what_expands_too_far_is_not_unpacked() -> None:
    """It is named as too large instead."""
    assert said(samples.zipped({"a.bin": bytes(20 << 20)})).wrong == [("a.bin", errors.TOO_LARGE)]


@pytest.mark.rule("P-23", "Entities of a document are neither expanded nor followed, and this is reported.")
def test_no_entity_is_expanded() -> None:
    """The text around it is read, and the entity is said to be wrong."""
    out = said(samples.docx("", word__header1_dot_xml='<!DOCTYPE d [<!ENTITY e "haha">]><d><t>kept &e;</t></d>'))
    assert out.wrong == [("", errors.ENTITIES)]
    assert "\n".join(out.texts).split() == ["kept"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (samples.pdf("x"), "pdf"),
        (b"junk before\n" + samples.pdf("x"), "pdf"),
        (samples.docx(), "zip"),
        (samples.doc("x"), "ole"),
        (b"\x7fELF" + bytes(40), "nothing"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
        (b"RIFF\0\0\0\0WAVEfmt ", "nothing"),
        (b"-----BEGIN PGP SIGNATURE-----\n\nabc", "nothing"),
        ("Grüße aus der Stadt".encode("latin-1"), "text"),
        ("漢字".encode(), "text"),
        (b"<!-- x -->\n<HTML><body>", "html"),
        (b"Received: from a\n by b\nFrom: c\n\nx", "letter"),
        (b"From: only one line\nis no header", "text"),
        (bytes(range(256)) * 4, "unknown"),
        (b"", "empty"),
    ],
)
def test_the_kind_is_told_by_the_content(content: bytes, kind: str) -> None:
    assert identify(content).reading == kind


@given(st.binary(max_size=400), st.sampled_from(sorted(PLANTED)), st.integers(0, 4000), st.booleans())
def test_no_damage_raises(noise: bytes, place: str, at: int, careful: bool) -> None:
    whole = PLANTED[place]
    at %= len(whole)
    said(whole[:at] + noise + whole[at + len(noise) :], careful=careful)
    said(whole[:at], careful=careful)
    said(noise)
