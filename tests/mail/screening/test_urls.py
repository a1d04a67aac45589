"""Links are read as browsers read them, and hosts belong to whom the Public Suffix List says (P-25)."""
# ruff: noqa: RUF001 - letters that look alike are the point of it

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.mail.screening import urls


@pytest.mark.rule("P-25", "The target of a link is the one of browsers, whatever its form.")
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://good.example\\@evil.example/", "good.example"),
        ("http://good.example@evil.example/", "evil.example"),
        ("http:///evil.example/", "evil.example"),
        ("http:evil.example", "evil.example"),
        ("hTTp:\\\\evil.example\\x", "evil.example"),
        ("\x01 http://ev\til.ex\nample/", "evil.example"),
        ("http://ｅｖｉｌ．example/", "evil.example"),
        ("http://evil。example", "evil.example"),
        ("http://ev\u00adil.example", "evil.example"),
        ("https://evil.example%2egood.example", "evil.example.good.example"),
        ("//evil.example/x", "evil.example"),
        ("www.evil.example/x", "www.evil.example"),
        ("http://evil.example./x", "evil.example"),
        ("http://münchen.example", "xn--mnchen-3ya.example"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://0177.0.0.01/", "127.0.0.1"),
        ("http://[0:0:0:0:0:0:0:1]/", "[::1]"),
        ("mailto:clerk@city.example", ""),
    ],
)
def test_a_link_is_read_as_browsers_read_it(url: str, host: str) -> None:
    """WHATWG URL: other readers see another host, or none."""
    place = urls.read(url)
    assert place is not None and place.host == host
    assert place.is_address == (host in ("127.0.0.1", "[::1]"))


@pytest.mark.parametrize("url", ["", "#top", "/page", "page.html", "http://", "http://[::1", "http://a b.example"])
def test_what_no_browser_follows_is_no_link(url: str) -> None:
    assert urls.read(url) is None


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "java\nscript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x"]
)
def test_a_link_that_carries_its_content_is_known_by_its_scheme(url: str) -> None:
    place = urls.read(url)
    assert place is not None and place.scheme in urls.CARRIED and not place.host


def test_a_user_name_before_the_host_is_seen() -> None:
    for url, user in {"a@x.example": True, "a:b@x.example/@": True, "x.example/a@b": False, "@x.example": False}.items():
        assert urls.read(f"http://{url}") == urls.LinkTarget("http:", "x.example", user)


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("www.springfield.gov", "springfield.gov"),
        ("ci.madison.wi.us", "madison.wi.us"),
        ("a.b.city.gov.uk", "city.gov.uk"),
        ("evil.github.io", "evil.github.io"),
        ("a.b.xn--55qx5d.cn", "b.xn--55qx5d.cn"),
        ("a.b.公司.cn", "b.公司.cn"),
        ("Ci.Madison.WI.us.", "madison.wi.us"),
        ("a.b.compute.amazonaws.com", "a.b.compute.amazonaws.com"),
        ("mail.city.example", "city.example"),
        ("localhost", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("gov.uk", "gov.uk"),
    ],
)
def test_a_host_belongs_to_who_registered_it(host: str, registered: str) -> None:
    """Without the network: of the list in the package; private suffixes are suffixes."""
    assert urls.registrable(host) == registered


@given(st.text(max_size=60) | st.text("htps:/\\@.%[]0x1Ｅ。\u00ad\t ", max_size=40))
def test_whatever_a_link_is_it_is_read_or_is_none(url: str) -> None:
    for text in (url, f"http://{url}"):
        place = urls.read(text)
        if place is not None:
            assert place.host.isascii() and urls.registrable(place.host).isascii()
