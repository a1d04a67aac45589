"""Where links stand, read as browsers read HTML, and bytes that are put in their place in any encoding (P-31)."""

from __future__ import annotations

import base64
import binascii
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import edits, link_places
from civicmail.core.message.edits import Edit


def urls(page: str, *, within: bool = False) -> list[str]:
    content = page.encode()
    found = link_places.read(content, is_html=True, within=within).places
    for place in found:
        assert 0 <= place.start < place.end <= len(content)
    return [place.url for place in found]


EVIL = "http://evil.example/a"


@pytest.mark.rule("P-31", "No trick of quotes, comments or tags hides a link from being replaced.")
@pytest.mark.parametrize(
    "source",
    [
        f'<a href="{EVIL}">x</a>',
        f"<A\nHREF = '{EVIL}' >x</A>",
        f"<a href={EVIL}>x</a>",
        f"<a/href={EVIL}>x</a>",
        f'<a title="a>b" href="{EVIL}">x</a>',
        f'<a href="{EVIL}" href="http://good.example/">x</a>',
        f'<p "><a href="{EVIL}">x</a>',
        f'<p x=y="><a href="{EVIL}">x</a>',
        f'<p ="><a href="{EVIL}">x</a>',
        f'<!--><a href="{EVIL}">x</a>',
        f'<!-- x --!><a href="{EVIL}">x</a>',
        f'<title><!--</title><a href="{EVIL}">x</a>',
        f'<style>a{{b:"</style><a href="{EVIL}">x</a>',
        f'<? "><a href="{EVIL}">x</a>',
        '<a href="http&#58;//evil.exam&#112;le/a">x</a>',
        '<a href=" http://evil.ex\nample/a\t">x</a>',
        f'<area href="{EVIL}">',
        f'<form action="{EVIL}">',
        f'<button formaction="{EVIL}">',
        f'<svg><a xlink:href="{EVIL}">x</a></svg>',
        f"<p>See {EVIL}.</p>",
        f'<a name="x"></a><p>See {EVIL}.</p>',
        '<base href="http://evil.example/"><a href="a">x</a>',
        '<a href="/a">x</a><base href="http://evil.example/"><base href="http://good.example/">',
    ],
)
def test_a_link_is_found_where_a_browser_sees_one(source: str) -> None:
    """No trick of quotes, comments or tags hides a link from being replaced."""
    assert urls(source) == [EVIL]


@pytest.mark.parametrize(
    "source",
    [
        f'<!-- <a href="{EVIL}">x</a> -->',
        f'<img src="{EVIL}">',
        f'<link href="{EVIL}">',
        f"<style>a{{background:url({EVIL})}}</style>",
        f'<p title="{EVIL}">x</p>',
        "<a href>x</a>",
        "<a href=>x</a>",
    ],
)
def test_what_nobody_follows_is_no_link(source: str) -> None:
    assert [url for url in urls(source) if url] == []


def test_the_words_of_a_link_are_those_that_a_reader_sees() -> None:
    page = f'<body bgcolor="x">a <a href="{EVIL}"><b>www.bank.example</b>&nbsp;now <img src=x></a> {EVIL}'
    found = link_places.read(page.encode(), is_html=True)
    assert [place.words for place in found.places] == ["www.bank.example now", ""]
    assert page[found.top :].startswith("a <a")
    assert urls(f'<a href="{EVIL}">{EVIL}b</a>', within=True) == [EVIL, f"{EVIL}b"]


def test_in_text_the_punctuation_of_the_sentence_stays() -> None:
    content = "Siehe http://evil.example/straße, (www.evil.example/x) und http://a.example\u201d oder a@www.b.example".encode()
    found = link_places.read(content, is_html=False).places
    assert [content[p.start : p.end].decode() for p in found] == [
        "http://evil.example/straße",
        "www.evil.example/x",
        "http://a.example",
    ]


@pytest.mark.rule("P-31", "Text that is signed or sealed with OpenPGP is not touched.")
def test_signed_text_has_no_places_for_anything() -> None:
    """Text that somebody signed or sealed is not touched."""
    found = link_places.read(f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{EVIL}\n".encode(), is_html=False)
    assert found.places == [] and found.top == -1


@pytest.mark.parametrize("label", ["utf-16", "utf-7", "UTF-16LE"])
def test_other_alphabets_of_bytes_have_no_places(label: str) -> None:
    assert not link_places.keeps_ascii(label)
    assert all(link_places.keeps_ascii(known) for known in ("", "utf-8", "iso-8859-1", "gb2312", "shift_jis", "nobody-knows-it"))


@pytest.mark.parametrize(
    "piece", ['<a "', "<a '", "<a href=", '<a href="', "<!--", "<style>", "<a x=", "http://", '="', "<", "<a/ "]
)
def test_time_grows_with_length_alone(piece: str) -> None:
    content = (piece * (300_000 // len(piece))).encode()
    for is_html in (True, False):  # with its square it would not end today
        assert len(link_places.read(content, is_html=is_html).places) <= len(content) // 7


def encoded(content: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(content).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(content).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return content


def decoded(data: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return binascii.a2b_base64(data)
        except binascii.Error:
            return b"no base64"  # what is asked fails then, and not the asking
    return binascii.a2b_qp(data) if encoding == "quoted-printable" else data


def edited(data: bytes, found: list[edits.Change]) -> bytes:
    for change in sorted(found, key=lambda c: -c.offset):
        data = data[: change.offset] + change.text.encode() + data[change.offset + change.length :]
    return data


@pytest.mark.rule("P-31", "A replacement in a part is exact in every encoding, and leaves the other bytes unchanged.")
@given(
    st.lists(st.sampled_from(["word ", "=", "\u00e9", "\r\n", "http://x.example/=3D", "long" * 30]), max_size=12),
    st.sampled_from(["base64", "quoted-printable", "8bit", ""]),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=5),
    st.sampled_from(["new", "https://mail.city.example/l/" + "Ab_-" * 60, "a=b", ""]),
)
def test_only_what_was_meant_changes_in_any_encoding(words: list[str], encoding: str, at: list[tuple[int, int]], new: str) -> None:
    """What is replaced in a part is replaced exactly, whatever its encoding, and the bytes around it stay."""
    content = "".join(words).encode()
    data = encoded(content, encoding)
    part = edits.opened(data, encoding)
    assert part is not None
    content, wanted, last = part.content, [], 0
    for start, length in sorted(at):
        start, end = max(last, min(start, len(content))), min(start + length, len(content))
        if end >= start and (not wanted or start > last):
            wanted.append(Edit(start, end, new, fill="~"))
            last = end
    changed = decoded(edited(b"head" + data, list(edits.changes(part, wanted, 4)))[4:], encoding)
    hoped, at_ = b"", 0
    for edit in wanted:
        hoped += content[at_ : edit.start] + new.encode()
        at_ = edit.end
    assert changed.replace(b"~", b"") == hoped + content[at_:]


@pytest.mark.parametrize("data", [b"YWJj*", b"YWJ", b"YQ==YQ==", b"YWJj\r\n-- \r\nlist"])
def test_broken_base64_is_left_alone(data: bytes) -> None:
    assert edits.opened(data, "base64") is None
    assert edits.opened(b"x", "x-uuencode") is None
