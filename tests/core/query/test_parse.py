"""Words become a tree; what cannot be read is told with its place (issue 2, found)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Digits, Everything, Near, Not, Or, Range, Token, Tree, Words

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAY = 86_400_000


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


def tree(text: str) -> Tree:
    return parse(text, now=NOW)


def word(text: str) -> Words:
    return Words("", (text,))


A, B, C = word("a"), word("b"), word("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Everything()),
        ("  * ", Everything()),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("NOT -a", A),
        ("a -(b OR c)", And((A, Not(Or((B, C)))))),
        ("a and b", And((A, word("and"), B))),
        ("a & b", And((A, B))),
        ('"a b"', Words("", ("a", "b"))),
        ("“a b”", Words("", ("a", "b"))),
        ("a.b", Words("", ("a", "b"))),
        ("a*", Words("", ("a",), True)),
        ('"a b*"', Words("", ("a", "b"), True)),
        ("東京", Words("", ("東", "京"))),
        ("http://a", Words("", ("http", "a"))),
        ("10:30", Words("", ("10", "30"))),
        ("Subject:Über", Words("subject", ("uber",))),
        ("subject:from:a", Words("subject", ("from", "a"))),
        ("subject:(a OR -b)", Or((Words("subject", ("a",)), Not(Words("subject", ("b",)))))),
        ('-body:"a b"', Not(Words("body", ("a", "b")))),
        ("from:Ann@X.Example", Token("from", "ann@x.example")),
        ("from:<ann@x.example>", Token("from", "ann@x.example")),
        ("to:@x.example", Token("to", "@x.example")),
        ("cc:x.example", Or((Token("cc", "@x.example"), Token("cc", "x.example@")))),
        ("bcc:ann@", Token("bcc", "ann@")),
        ("rcpt:ann", Words("rcpt", ("ann",))),
        ('from:"Ann Lee"', Words("from", ("ann", "lee"))),
        ("from:ann*", Words("from", ("ann",), True)),
        ("messageid:<A@b>", Token("messageid", "a@b")),
        ("rfc822msgid:A@b", Token("messageid", "a@b")),
        ("filetype:.PDF", Token("filetype", "pdf")),
        ("filename:report-2024.pdf", Words("filename", ("report", "2024", "pdf"))),
        ("thread:<A@b>", Token("thread", "a@b")),
        ("a AROUND 2 b", Near(Words("", ("a",)), Words("", ("b",)), 2)),
        ("a AROUND(2) b c", And((Near(Words("", ("a",)), Words("", ("b",)), 2), Words("", ("c",))))),
        ('-body:"a b" AROUND 9 c*', Not(Near(Words("body", ("a", "b")), Words("body", ("c",), True), 9))),
        ("from:(a AROUND 2 b)", Near(Words("from", ("a",)), Words("from", ("b",)), 2)),
        ("turn AROUND now", And((Words("", ("turn",)), Words("", ("around",)), Words("", ("now",))))),
        ("subject:AROUND 5", And((Words("subject", ("around",)), Words("", ("5",))))),
        ("has:attachment", Range("attachments", 1)),
        ("larger:10M", Range("size", 10 * 1024**2 + 1)),
        ("smaller:1.5k", Range("size", None, 1535)),
        ("before:2024-03-01", Range("date", None, ms(2024, 3, 1) - 1)),
        ("after:2024/03/01", Range("date", ms(2024, 3, 1))),
        ("on:2024-02", Range("date", ms(2024, 2, 1), ms(2024, 3, 1) - 1)),
        ("on:2024", Range("date", ms(2024, 1, 1), ms(2025, 1, 1) - 1)),
        ("date:2024-01..2024-02-10", Range("date", ms(2024, 1, 1), ms(2024, 2, 11) - 1)),
        ("date:(2024..)", Range("date", ms(2024, 1, 1))),
        ("newer_than:2d", Range("received", ms(2026, 3, 31, 12) - 2 * DAY)),
        ("newer_than:1m", Range("received", ms(2026, 2, 28, 12))),
        ("older_than:1y", Range("received", None, ms(2025, 3, 31, 12) - 1)),
        ("older_than:9999y", Range("received", None, -1)),
        ("sha256:ABCDEF012345", Digits("sha256", "abcdef012345")),
        ("id:01234567-89ab-7", Or((Digits("id", "0123456789ab7"), Digits("sha256", "0123456789ab7")))),
    ],
)
def test_what_a_query_means(text: str, expected: Tree) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "hint"),
    [
        ("form:ann", 0, "from:"),
        ("a subjct:b", 2, "subject:"),
        ("xyzzy:b", 0, ""),
        ("from:(", 5, ")"),
        ("from:(a OR b", 5, ")"),
        ("(a", 0, ")"),
        ("a)", 1, ""),
        ("()", 0, ""),
        ('a "b', 2, '"'),
        ("before:notadate", 7, ""),
        ("on:2024-13", 3, ""),
        ("on:2024-02-30", 3, ""),
        ("date:..", 5, ""),
        ("date:2024..x", 5, ""),
        ("larger:big", 7, ""),
        ("newer_than:soon", 11, ""),
        ("has:atachment", 4, "attachment"),
        ("from:", 5, ""),
        ("from: a", 5, ""),
        ("from:(to:a)", 6, ""),
        ("a OR", 2, ""),
        ("OR a", 0, ""),
        ("a AND OR b", 2, ""),
        ("NOT", 0, ""),
        ("w*d", 1, ""),
        ("*a", 0, ""),
        ('"a* b"', 2, ""),
        ("&", 0, ""),
        ("subject:&", 8, ""),
        ("-&", 0, ""),
        ("id:123", 3, ""),
        ("sha256:" + "0" * 65, 7, ""),
        ("x" * 65, 0, ""),
        ("storm AROUND 5", 6, ""),
        ("AROUND 5 storm", 0, ""),
        ("a AROUND 2 b AROUND 3 c", 13, ""),
        ("a AROUND 2 (b OR c)", 2, ""),
        ("(a OR b) AROUND 2 c", 9, ""),
        ("a AROUND 51 b", 2, "AROUND 50"),
        ('"a b" AROUND 21 c', 6, "AROUND 20"),
        ("a AROUND(0) b", 2, "AROUND 50"),
        ("a AROUND 5 &", 2, ""),
        ("larger:2 AROUND 5 a", 9, ""),
        ("messageid:x AROUND 5 a", 12, ""),
        ("thread:<>", 7, ""),
        ("(" * 70 + "a" + ")" * 70, 64, ""),
    ],
)
def test_a_wrong_query_names_the_place_and_the_nearest_word(text: str, position: int, hint: str) -> None:
    with pytest.raises(QueryError) as raised:
        tree(text)
    assert (raised.value.position, raised.value.hint) == (position, hint)
    assert raised.value.exit_code == 2
    assert raised.value.message.endswith((".", "?"))
    assert "\n" not in raised.value.message


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ['"', "(", ")", "-", "a", "b*", "from:", "date:", "2024", "AND", "OR", "NOT", "AROUND 2", " ", "é", "@", "."]
        )
        | st.text(max_size=4),
        max_size=12,
    ).map("".join)
)
def test_any_words_give_a_tree_or_a_query_error_inside_the_query(text: str) -> None:
    try:
        tree(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
