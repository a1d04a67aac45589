"""Addresses of the envelope: what is one, what is refused, and that nothing makes the parser fail or hang (P-06)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.wire.errors import PathError
from civicmail.core.wire.paths import NULL, Path, parse_path, split_path, without_detail

GOOD = [
    ("", NULL),
    ("ann@city.example", Path("ann", "city.example", "ann@city.example")),
    ("Ann.B+tag@City.Example", Path("Ann.B+tag", "city.example", "Ann.B+tag@City.Example")),
    ("a%b@city.example", Path("a%b", "city.example", "a%b@city.example")),
    ("far!b@city.example", Path("far!b", "city.example", "far!b@city.example")),
    ('"b@elsewhere.example"@city.example', Path("b@elsewhere.example", "city.example", '"b@elsewhere.example"@city.example')),
    (r'"a\"b\\c d"@city.example', Path('a"b\\c d', "city.example", r'"a\"b\\c d"@city.example')),
    ("john..doe.@city.example", Path("john..doe.", "city.example", "john..doe.@city.example")),
    ("b@[127.0.0.1]", Path("b", "[127.0.0.1]", "b@[127.0.0.1]")),
    ("b@[IPv6:2001:db8::1]", Path("b", "[ipv6:2001:db8::1]", "b@[IPv6:2001:db8::1]")),
    ("postmaster", Path("postmaster", "", "postmaster")),
    ("josé@städte.example", Path("josé", "städte.example", "josé@städte.example")),
    ("x@under_score.example", Path("x", "under_score.example", "x@under_score.example")),
    ("b" * 200 + "@city.example", Path("b" * 200, "city.example", "b" * 200 + "@city.example")),
]
BAD = [
    "@",
    "a@",
    "@city.example",
    "a@b@city.example",
    "a@city..example",
    "a@city.example.",
    "a@.example",
    "a@-city.example",
    "a@city.example-",
    "a b@city.example",
    'a"b"@city.example',
    '"a"b@city.example',
    '""@city.example',
    '"a\x00"@city.example',
    "a@[127.0.0]",
    "a@[127.0.0.1",
    "a@[x400:1]",
    "a@" + "x" * 64 + ".example",
    "a@" + ".".join(["x" * 60] * 5),
    "x" * 256 + "@city.example",
]


@pytest.mark.parametrize(("raw", "path"), GOOD, ids=lambda v: v if isinstance(v, str) else "")
def test_an_address_is_split_and_unquoted(raw: str, path: Path) -> None:
    assert parse_path(raw) == path


@pytest.mark.parametrize("raw", BAD, ids=lambda v: v[:30])
def test_what_is_no_address_is_refused(raw: str) -> None:
    with pytest.raises(PathError) as problem:
        parse_path(raw)
    assert problem.value.smtp.startswith("5")


@pytest.mark.rule("P-06, promise 5", "A source route is refused as relaying.")
@pytest.mark.parametrize("raw", ["@city.example:b@elsewhere.example", "@a,@b:c@d", "@[127.0.0.1]:b@c"])
def test_a_source_route_is_refused_as_relaying(raw: str) -> None:
    with pytest.raises(PathError) as problem:
        parse_path(raw)
    assert problem.value.smtp == "550 5.7.1 Source routes are refused"


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("anna+bills@city.example", "anna@city.example"),
        ("anna+a+b@city.example", "anna@city.example"),
        ("anna@city.example", "anna@city.example"),
        ('"a@b"+c@city.example', '"a@b"@city.example'),
        ("anna", "anna"),
    ],
)
def test_what_follows_a_plus_is_the_holders_own_affair(address: str, plain: str) -> None:
    assert without_detail(address) == plain


def test_brackets_may_hold_quoted_brackets() -> None:
    assert split_path('<"a>b"@c> SIZE=1', brackets_optional=False) == ('"a>b"@c', " SIZE=1")


def test_missing_brackets_are_taken_only_where_the_listener_says_so() -> None:
    assert split_path(" a@b SIZE=1", brackets_optional=True) == ("a@b", " SIZE=1")
    for text, optional in [("a@b", False), ("<a@b", True), ("<a@b>x", True), ("", True), ("<a<b>@c>", True)]:
        with pytest.raises(PathError):
            split_path(text, brackets_optional=optional)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab.@<>"\\[]:%!,\u00e9 -_0', max_size=40))
def test_no_text_raises_anything_but_a_path_error_and_a_path_has_at_most_one_domain(raw: str) -> None:
    try:
        path = parse_path(raw)
    except PathError:
        return
    assert "@" not in path.domain and path.raw == raw
    assert ("@" not in path.local) or raw.startswith('"')


def test_long_nonsense_is_refused_at_once() -> None:
    for raw in ["a" * 2000 + "!", "a@" + "a" * 2000, "a@" + "a." * 900, '"' + "\\" * 1999, "<" * 2000]:
        with pytest.raises(PathError):
            parse_path(raw)
        with pytest.raises(PathError):
            split_path("<" + raw, brackets_optional=False)
