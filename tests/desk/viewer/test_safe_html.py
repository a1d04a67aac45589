"""The sender's own look: nothing in it that is fetched, runs, or leads elsewhere than it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.desk.viewer import safe_html
from desk.viewer.leaks import LEAKS, everything, html

WORDS = {
    "title": "As sent",
    "goes": "goes to {host}",
    "really": "really goes to {host}",
    "nowhere": "cannot be opened",
    "picture": "picture: {alt}",
    "no_alt": "picture",
}
PNG = b"iVBORw0KGgo="
PLAIN = frozenset(
    [
        "",
        "alt",
        "align",
        "valign",
        "dir",
        "lang",
        "width",
        "height",
        "colspan",
        "rowspan",
        "target",
        "rel",
        "class",
        "color",
        "face",
        "size",
        "border",
        "cellpadding",
        "cellspacing",
        "bgcolor",
        "nowrap",
        "start",
        "type",
    ]
)
"""Attributes that are only looks; the empty name is that of a tag without one."""
PIECES = [*LEAKS.values(), "<p>", "</p>", "<table>", "<b", 'x="', "'>", "-->", "<!--", "</style>", "<svg>", "&lt;img"]


def framed(source: str, *parts: bytes) -> str:
    """The document of a message with this HTML and these parts beside it, without our own style; empty where there is none."""
    inner = b"".join(b"\r\n--b\r\n" + p for p in (b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode(), *parts))
    raw = b'From: a@b.example\r\nContent-Type: multipart/related; boundary="b"\r\n' + inner + b"\r\n--b--\r\n"
    made = safe_html.page(raw, "", WORDS)
    return (made or b"").decode().partition("<body>")[2].partition("</body>")[0]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name, value or "") for name, value in attrs] or [(tag, "", "")]


def tags(text: str) -> list[tuple[str, str, str]]:
    parser = _Tags()
    parser.feed(text)
    return parser.found


def is_harmless(text: str) -> bool:
    """Whether no tag and no attribute of it can make a browser ask anybody, run anything or send anything."""
    for tag, name, value in tags(text):
        link = (tag, name) == ("a", "href") and value.startswith(("http://", "https://", "mailto:", "tel:"))
        picture = (tag, name) == ("img", "src") and re.match(r"data:image/(png|jpeg|gif|webp);base64,", value)
        plain = name in PLAIN
        style = name == "style" and not re.search(r"url|image|\\|/\*|@|position|expression", value, re.IGNORECASE)
        if tag not in safe_html._TAGS or not (link or picture or plain or style):
            return False
    return True


@pytest.mark.rule("P-23, P-25", "Displaying a message as its sender formatted it causes no network request.")
@pytest.mark.parametrize("name", list(LEAKS))
def test_no_vector_survives(name: str) -> None:
    """What could be fetched is not there any more."""
    assert is_harmless(framed(html(name, "http://leak.example")))


def test_all_vectors_together_leave_only_links_in_words() -> None:
    text = framed(everything("http://leak.example"))
    assert is_harmless(text)
    assert set(re.findall(r"leak\.example", text)) <= {"leak.example"}


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_no_broken_html_gets_through(pieces: list[str]) -> None:
    source = "".join(p.format(*["http://leak.example/x"] * 4, rest="://leak.example", schemeless="//leak.example") for p in pieces)
    assert is_harmless(framed(f"<p>x</p>{source}"))


def test_a_link_says_where_it_goes() -> None:
    text = framed(
        '<a href="http://evil.example/a">www.bank.com</a><a href="https://city.example/">city.example</a>'
        '<a href="https://pay.example">Pay</a><a href="javascript:alert(1)">x</a>'
    )
    opened = 'target="_blank" rel="noopener noreferrer"'
    assert f'<a href="http://evil.example/a" {opened}>www.bank.com</a> <bdi class="cm">[really goes to evil.example]</bdi>' in text
    assert "[goes to pay.example]" in text
    assert "goes to city.example" not in text
    assert "[cannot be opened]" in text
    assert "javascript" not in text


def test_what_looks_like_our_words_is_told_from_them() -> None:
    text = framed('<a href="http://evil.example/">Pay</a> <bdi class="cm">[goes to bank.com]</bdi>')
    assert text.count('<bdi class="cm">') == 1
    assert '<bdi class="cm">[goes to evil.example]</bdi>' in text


def test_pictures_that_came_along_are_shown_and_others_are_named() -> None:
    png = b"Content-Type: image/png\r\nContent-ID: <one@x>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PNG
    svg = b"Content-Type: image/png\r\nContent-ID: <two@x>\r\n\r\n<svg xmlns='http://www.w3.org/2000/svg'></svg>"
    text = framed(
        '<img src="cid:one@x" width="9"><img src="CID:two@x" alt="Seal"><img src="http://x.example/p.gif" alt="Logo">', png, svg
    )
    assert f'<img src="data:image/png;base64,{PNG.decode()}" width="9">' in text
    assert "[picture: Seal]" in text
    assert "[picture: Logo]" in text


def test_the_look_keeps_what_it_may() -> None:
    text = framed('<p style="color:red; position:fixed; z-index:9; background:#ff0"><font size="5" color="blue">Big</font></p>')
    assert text.strip() == '<p style="color:red;background:#ff0"><font size="5" color="blue">Big</font></p>'


def test_html_that_no_tree_is_built_of_has_no_look() -> None:
    raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"<b>" * 5000 + b"<div>" * 5000
    assert safe_html.page(raw, "", WORDS) is None
    assert safe_html.page(b"From: a@b.example\r\n\r\nplain", "", WORDS) is None
    assert safe_html.page(b"From: a@b.example\r\n\r\nplain", "1.9", WORDS) is None
