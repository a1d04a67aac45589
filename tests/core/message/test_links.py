"""Where a link really leads, read as browsers read it (WHATWG URL) and written so that all of them read it alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import links


@pytest.mark.rule(
    "P-23, P-25",
    "The target of a link is reliable: it is rebuilt so that every browser reads it alike, and its real host is shown beside it.",
)
@pytest.mark.parametrize(
    ("url", "host", "rebuilt"),
    [
        ("https://city.example/a?b=c#d", "city.example", "https://city.example/a?b=c#d"),
        ("HTTP://City.Example", "city.example", "http://city.example/"),
        ("www.city.example/a", "www.city.example", "http://www.city.example/a"),
        ("https://bank.example@evil.example/", "evil.example", "https://evil.example/"),
        ("https://bank.example\\@evil.example", "bank.example", "https://bank.example/@evil.example"),
        ("https:\\\\evil.example\\x", "evil.example", "https://evil.example/x"),
        ("https:evil.example", "evil.example", "https://evil.example/"),
        ("//evil.example/x", "evil.example", "http://evil.example/x"),
        ("\x01ht\ntps://ev\til.example/", "evil.example", "https://evil.example/"),
        ("https://ev%69l.example/", "evil.example", "https://evil.example/"),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example", "https://xn--bcher-kva.example/"),
        ("https://\u0441ity.example/", "xn--ity-3ed.example", "https://xn--ity-3ed.example/"),
        ("http://2130706433/", "127.0.0.1", "http://127.0.0.1/"),
        ("http://0x7f.1/", "127.0.0.1", "http://127.0.0.1/"),
        ("http://[::1]:8025/x", "[::1]", "http://[::1]:8025/x"),
        ("https://city.example:8443/\"'<>", "city.example", "https://city.example:8443/%22%27%3C%3E"),
        ("mailto:pat@city.example?bcc=x@y", "pat@city.example", "mailto:pat@city.example"),
        ("tel:+1-608-555-0101", "+1-608-555-0101", "tel:+1-608-555-0101"),
    ],
)
def test_a_link_is_rebuilt_so_that_it_leads_where_it_says(url: str, host: str, rebuilt: str) -> None:
    """User parts, backslashes, white space, numbers and other alphabets are no way to hide a host."""
    found = links.real(url)
    assert (found.host, found.url) == (host, rebuilt)


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x", "about:blank", "#top", "a/b.html", "",
     "http://", "https://a b/", "https://a@/", "http://1.2.3.4.5/", "http://256.1/", "https://x:y/", "mailto:", "tel:x", "ftp://x/",
     "http://" + "a" * 9000],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_not_followed(url: str) -> None:
    assert links.real(url).url == ""


@pytest.mark.parametrize(
    ("words", "host", "lies"),
    [
        ("www.bank.com", "evil.example", True),
        ("Sign in at https://bank.com/login", "evil.example", True),
        ("write to pat@city.example", "evil.example", True),
        ("city.example.evil.com", "city.example", True),
        ("city.example", "www.city.example", False),
        ("https://mail.city.example/", "city.example", False),
        ("Pay here", "evil.example", False),
        ("report.pdf", "evil.example", False),
        ("b\u00fccher.example", "xn--bcher-kva.example", False),
    ],
)
def test_words_that_name_another_host_are_noticed(words: str, host: str, lies: bool) -> None:
    assert links.names_another(words, host) is lies


@given(st.text(alphabet="htps:/\\@.%x0[]?#a1\u00e4 \n\x00", max_size=40))
def test_a_link_is_read_the_same_again(url: str) -> None:
    """What is rebuilt has one reading: its own."""
    found = links.real(url)
    if found.url:
        assert links.real(found.url) == found
        assert re.fullmatch(r"[!-~]+", found.url)
        assert not re.search(r"[\"'<>\\`]", found.url)


_PIECES = [
    "http",
    "HTTPS",
    "http\u017f",
    "ftp",
    "FTP",
    "://",
    ":/",
    "www",
    "wWw",
    ".",
    "@",
    "a",
    " ",
    "\u00e4",
    "_",
    "(",
    "h",
    "w",
    "\u212a",
    "/x",
    '"',
]


@given(st.lists(st.sampled_from(_PIECES), max_size=14))
def test_addresses_in_text_are_those_that_a_plain_pattern_finds(pieces: list[str]) -> None:
    """What is found in a fifth of the time is the same."""
    rest = r"[^\s<>\"'`\x00-\x1f"
    slow = re.compile(rf"\b(?:https?|ftp)://{rest}]{{1,4000}}|(?<![@\w.])www\.{rest}@]{{3,4000}}", re.IGNORECASE)
    text = "".join(pieces)
    assert [m.span() for m in links._URL.finditer(text)] == [m.span() for m in slow.finditer(text)]


@pytest.mark.parametrize(
    ("text", "inert"),
    [
        ("Pay at https://pay.evil.example/a?b=1.", "Pay at hxxps://pay[.]evil[.]example/a?b=1."),
        ("http://a@evil.example or www.evil.example", "hxxp://a@evil[.]example or www[.]evil[.]example"),
        ("https://good.example/?to=HTTP://www.evil.example", "hxxps://good[.]example/?to=HxxP://www[.]evil.example"),
        ("nothing to follow in 3.5 minutes", "nothing to follow in 3.5 minutes"),
    ],
)
def test_a_defanged_text_shows_where_it_leads_and_leads_nowhere(text: str, inert: str) -> None:
    assert links.defanged(text) == inert


@given(
    st.lists(
        st.sampled_from(["https://", "HTTP://", "ftp://", "www.", "evil.example", "/", "@", " ", "a", "?u=", "[", "h"]), max_size=12
    )
)
def test_no_program_finds_a_link_in_a_defanged_text(pieces: list[str]) -> None:
    assert links.in_text(links.defanged("".join(pieces))) == []
