"""HTML: the words a reader sees, those it hides, the links; never a large tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import html_text, link_places, links, message_parser


@pytest.mark.parametrize(
    ("source", "visible"),
    [
        ("<p>Hel<b>l</b>o</p><p>world</p>", "Hello\nworld"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb"),
        ("caf&eacute; &#8364;&nbsp;5", "café € 5"),
        ("broken\nline  in   words", "broken line in words"),
        ("<title>no</title><style>no</style><script>no</script><!-- no --><p>yes", "yes"),
        ("<SCRIPT>no</SCRIPT><Style>no</Style>yes", "yes"),
        ("<p>1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("", ""),
        ("no markup at all", "no markup at all"),
        ("<frameset><frame src=x></frameset>", ""),
    ],
)
def test_the_visible_words_keep_their_blocks_apart_and_their_letters_together(source: str, visible: str) -> None:
    assert html_text.read(source).visible == visible


@pytest.mark.parametrize(
    "opening",
    [
        "<div hidden>", '<div style="display:none">', "<span STYLE='color:red; DISPLAY : NONE'>", '<p style="visibility: hidden">',
        '<p style="font-size:0">', '<p style="font-size: 0px;color:red">', '<p style="font-size:0.0em !important">',
        '<p style="d&#105;splay:none">', '<p style="display:/* no */none">', "<p style=display:none>", "<p hidden=hidden>",
    ],
)  # fmt: skip
def test_hidden_words_are_kept_apart(opening: str) -> None:
    found = html_text.read(f"<body>seen {opening}secret <b>words</b></div></span></p> also seen")
    assert "secret" not in found.visible
    assert found.hidden.startswith("secret words")
    assert found.visible.startswith("seen")


@pytest.mark.rule(
    "P-24, P-25",
    "Content that only Outlook reads in a comment is extracted, with the targets of its links and shapes.",
)
@pytest.mark.parametrize("condition", ["[if mso]", "[if gte mso 9]", "[if (gte mso 9)|(IE)]", "[IF IE]", " [if mso | IE]"])
def test_what_outlook_reads_in_a_comment_is_found_with_where_it_leads(condition: str) -> None:
    """For everybody else it is a comment."""
    inner = (
        '<td>gra<b>vel</b> <a href="http://evil.test/a">pay</a></td><v:roundrect href="http://evil.test/b"></v:roundrect>'
        "<xml><o:Zoom>0</o:Zoom></xml>"
    )
    found = html_text.read(f"<p>seen</p><!--{condition}>{inner}<![endif]--><p>also</p>", with_links=True)
    assert (found.visible, found.hidden, found.elsewhere.split()) == ("seen\nalso", "", ["gravel", "pay"])
    assert found.links == (("http://evil.test/a", "pay"), ("http://evil.test/b", ""))


def test_words_of_comments_are_found_without_style_sheets_and_scripts() -> None:
    """P-19, P-24."""
    css = "<style>\n<!-- /* Font Definitions */ @font-face {} -->\n</style><script type='x'><!-- run() --></script>"
    for source in ("<p>seen</p><!-- <b>un</b>seen -->", f"{css}<p>seen</p><!--unseen-->", "<p>seen</p><!--unseen"):
        found = html_text.read(source)
        assert (found.visible, found.elsewhere) == ("seen", "unseen")
    settings = "<!--[if gte mso 9]><xml><o:OfficeDocumentSettings>x</o:OfficeDocumentSettings></xml><![endif]-->"
    assert html_text.read(f"{settings}<p>seen</p><!-->shown<!---->").elsewhere == ""
    kept = f"<form><input type=hidden value=unseen><input type=hidden value={'y' * 300}></form>"
    assert html_text.read(kept).elsewhere == "unseen"


def test_what_only_outlook_does_not_read_is_read_once() -> None:
    for around in (("<!--[if !mso]><!-->", "<!--<![endif]-->"), ("<!--[if !mso]>-->", "<!--<![endif]-->")):
        found = html_text.read("<p>seen</p>".join(around))
        assert (found.visible, found.elsewhere) == ("seen", "")
    assert html_text.read("seen<!--[if mso]>never closed").elsewhere == "never closed"


@pytest.mark.rule(
    "P-24, promise 8",
    "Words hidden by HTML, and those in place of a picture, on a button or in a tooltip, are extracted.",
)
def test_words_that_stand_for_a_picture_on_a_button_or_in_a_tip_are_found() -> None:
    state = "x" * 300
    source = f'<img ALT="gravel" src=x><input type=submit value="pay now"><input type=hidden value={state}><a title="a tip">y</a>'
    found = html_text.read(source)
    assert (found.visible, found.elsewhere) == ("y", "gravel\npay now\na tip")
    raw = f"Content-Type: text/html\n\n<p style='display:none'>pebble</p>{source}".encode()
    assert {"gravel", "pay now", "a tip", "pebble"} <= set(message_parser.fields(raw).text.split("\n"))


@pytest.mark.parametrize("style", ["font-size:10px", "font-size:0.9em", "display:block", "visibility:visible"])
def test_words_in_other_styles_are_seen(style: str) -> None:
    assert html_text.read(f'<p style="{style}">words</p>').visible == "words"


def test_links_are_targets_with_the_words_shown_for_them() -> None:
    source = (
        '<a href=" https://evil.test/x\r\n\ty">https://<b>bank</b>.test</a><map><area href="//a.test" alt="map"></map>'
        '<form action="http://f.test/post"><button formaction="http://b.test">Go</button></form><a href="#top">up</a>'
        "<a name=x>no</a>"
    )
    assert html_text.read(source, with_links=True).links == (
        ("https://evil.test/xy", "https://bank.test"), ("//a.test", "map"), ("http://f.test/post", ""), ("http://b.test", "Go"),
    )  # fmt: skip


@pytest.mark.rule(
    "P-25, P-31",
    "A link that is only part of an address leads below what its page names for it, for checks and for the page of a link alike.",
)
def test_a_page_may_name_what_its_links_begin_with() -> None:
    """A link that is only part of an address leads below <base href>, for checks and for the page of a link alike."""
    source = '<base href="https://evil.example/x/"><a href="login">a</a><a href="#top">b</a><a href="https://c.example/">c</a>'
    found = ["https://evil.example/x/login", "https://evil.example/x/#top", "https://c.example/"]
    assert [url for url, _ in html_text.read(source, with_links=True).links] == found
    assert [place.url for place in link_places.read(source.encode(), is_html=True).places] == found
    assert links.joined("http://[", "a") == "a" and links.joined("", "a") == "a"


def test_links_of_a_letter_name_their_part() -> None:
    message = message_parser.parse(
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nsee http://a.test/x.\n--b\nContent-Type: text/html\n\n"
        b"<a href='http://b.test'>here</a> http://c.test\n--b--\n"
    )
    assert {(link.url, link.text, link.part) for link in message.links} == {
        ("http://a.test/x", "http://a.test/x", "1.1"), ("http://b.test", "here", "1.2"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see http://a.test/x?y=1#z, and (https://b.test/c_(d)).", ["http://a.test/x?y=1#z", "https://b.test/c_(d)"]),
        ("<http://a.test>", ["http://a.test"]),
        ("www.a.test/page!", ["http://www.a.test/page"]),
        ("HTTP://A.TEST", ["HTTP://A.TEST"]),
        ("ftp://a.test/f", ["ftp://a.test/f"]),
        ("me@www.a.test.invalid nohttp://x awww.x.test", []),
        ("http://", []),
    ],
)
def test_addresses_in_running_text_are_links(text: str, urls: list[str]) -> None:
    assert links.in_text(text) == urls


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 100_000 + "word",
        "<p>" + "".join(f"<font a={n}>" for n in range(2_000)) + "<p>x" * 2_000 + "word",
        "<div " + " ".join(f"a{n}" for n in range(100_000)) + ">word",
        "<p>x" * 200_001 + "word",
        "<x-a></x>" * 9_000 + "<div></div>" * 9_000 + "word",
        "<div><!--</div>-->" * 9_000 + "word",
        '<div a="</div>">' * 9_000 + "word",
        "<x-a><table></x-a></table>" * 9_000 + "word",
        "<x-a><select></x-a></select>" * 9_000 + "word",
        "<x-a><div></x-a></div>" * 9_000 + "word",
        "<x-a><svg><![CDATA[></x-a>]]></svg>" * 9_000 + "word",
        "<x-a><textarea></x-a></textarea>" * 9_000 + "word",
        "".join(f"<font a={n}><table></font></table>" for n in range(2_000)) + "<p>x" * 2_000 + "word",
        "".join(f"<div><font a={n}></div>" for n in range(2_000)) + "<p>x" * 2_000 + "word",
    ],
    ids=[
        "deep",
        "misnested",
        "attributes",
        "many",
        "longer names",
        "comments",
        "in attributes",
        "behind tables",
        "in select",
        "behind blocks",
        "cdata",
        "raw text",
        "formatting behind tables",
        "formatting behind blocks",
    ],
)
def test_html_that_would_make_a_large_tree_is_read_without_one(source: str) -> None:
    found = html_text.read(source)
    assert found.flattened
    assert found.visible.endswith("word")


def test_links_of_html_that_gets_no_tree_are_still_found() -> None:
    source = "<div>" * 100_000 + "<a href='http://evil.test/?a=1&amp;b=2'>bank</a><form action=http://f.test>"
    found = html_text.read(source, with_links=True)
    assert found.flattened
    assert [url for url, _ in found.links] == ["http://evil.test/?a=1&b=2", "http://f.test"]


def test_a_long_ordinary_page_gets_a_tree() -> None:
    row = '<tr><td style="color:red"><a href="http://x.test/1"><b>cell</b></a></td><td><font size=1>two</font></td></tr>\n'
    image = '<img src="data:image/png;base64,' + "AAAA" * 50_000 + '">'
    assert not html_text.read(f"<table>{row * 3_000}</table>{image}").flattened


_MARKUP = [
    "<p>", "</p>", "<b ", "a='", '"', ">", "<", "<!--", "-->", "<script>", "x ", "&amp", "&#0;", "\0", "hidden", "<a href=",
    "style=display:none", "<table>", "<svg>", "<template>", "\U0001f600", "é", "&#xd800;",
]  # fmt: skip


@given(st.lists(st.sampled_from(_MARKUP), max_size=40))
def test_any_markup_gives_words(pieces: list[str]) -> None:
    found = html_text.read("".join(pieces), with_links=True)
    (found.visible + found.hidden).encode("utf-8")
