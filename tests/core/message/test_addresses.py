"""RFC 5322 address lists with their obsolete forms, and what senders write instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import addresses
from civicmail.core.message.model import Address


def _parsed(value: str) -> list[tuple[str, str]]:
    return [(one.display, one.addr) for one in addresses.parse(value)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 5322 A.1 and A.6
        ("John Doe <jdoe@machine.example>", [("John Doe", "jdoe@machine.example")]),
        ('"Joe Q. Public" <john.q.public@example.com>', [("Joe Q. Public", "john.q.public@example.com")]),
        ('<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>',
         [("", "boss@nil.test"), ('Giant; "Big" Box', "sysservices@example.net")]),
        ("A Group:Ed Jones <joe@where.test>,john@x.test;", [("Ed Jones", "joe@where.test"), ("", "john@x.test")]),
        ("Undisclosed recipients:;", []),
        ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", [("Pete", "pete@silly.test")]),
        ("Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
         [("Mary Smith", "mary@example.net"), ("", "jdoe@test.example")]),
        ("<@a.test,@b.test:mary@example.net>", [("", "mary@example.net")]),
        ("john . doe @ example . com", [("", "john.doe@example.com")]),
        # quoted local parts and literals
        ('"john doe"@Example.ORG', [("", "john doe@example.org")]),
        ("user@[192.0.2.1]", [("", "user@[192.0.2.1]")]),
        ('"a@b" <c@d.test>', [("a@b", "c@d.test")]),
        # comments as names
        ("jdoe@x.test (John (the) Doe)", [("John (the) Doe", "jdoe@x.test")]),
        # what is no standard
        ("John Doe jdoe@x.test", [("John Doe", "jdoe@x.test")]),
        ("Hello. jdoe@x.test", [("Hello.", "jdoe@x.test")]),
        ("<jdoe@x.test", [("", "jdoe@x.test")]),
        ("a@x.test; b@x.test", [("", "a@x.test"), ("", "b@x.test")]),
        ("A <a@x.test> B <b@x.test>", [("A", "a@x.test"), ("B", "b@x.test")]),
        ("Doe, John <jdoe@x.test>, Mary <m@x.test>", [("Doe, John", "jdoe@x.test"), ("Mary", "m@x.test")]),
        ("a@b@x.test", [("", "a@b@x.test")]),
        ("mailto:a@x.test", [("", "a@x.test")]),
        ("'John' <j@x.test>", [("John", "j@x.test")]),
        ("root", [("", "root")]),
        ("<>", []),
        ("", []),
        (",;:", []),
        ('"open quote <a@x.test>', [("open quote", "a@x.test")]),
        ("a@x.test (open comment, b@x.test", [("", "a@x.test")]),
        ("Jörg <jörg@exämple.test>", [("Jörg", "jörg@exämple.test")]),
        # encoded words, also in wrong places
        ("=?utf-8?Q?J=C3=B6rg?= <j@x.test>", [("Jörg", "j@x.test")]),
        ('"=?utf-8?Q?J=C3=B6rg?=" <j@x.test>', [("Jörg", "j@x.test")]),
        ("=?utf-8?Q?J=C3?= =?utf-8?Q?=B6rg?= <j@x.test>", [("Jörg", "j@x.test")]),
        ("=?utf-8?q?Joe_=3Cjoe=40x=2Etest=3E?=", [("Joe", "joe@x.test")]),
        ("j@x.test (=?utf-8?Q?J=C3=B6rg?=)", [("Jörg", "j@x.test")]),
    ],
)  # fmt: skip
def test_an_address_list_is_read(value: str, expected: list[tuple[str, str]]) -> None:
    assert _parsed(value) == expected


def test_an_encoded_word_cannot_smuggle_an_address_into_a_list() -> None:
    found = addresses.parse("=?utf-8?Q?boss=40city=2Eexample=3E=2C_x?= <real@outside.test>")
    assert found == (Address("boss@city.example>, x", "real", "outside.test"),)


def test_an_encoded_local_part_that_would_be_another_address_stays_as_it_stands() -> None:
    (one,) = addresses.parse("=?utf-8?q?boss=40city=2Eexample?=@outside.test")
    assert (one.domain, "@" in one.local) == ("outside.test", False)


def test_the_domain_is_lower_case_and_the_local_part_is_kept() -> None:
    assert addresses.parse("John.DOE@Example.ORG.")[0] == Address("", "John.DOE", "example.org")


_ATOM = st.text("abcdefghijklmnopqrstuvwxyz0123456789!#$%&*+-/^_`{|}~", min_size=1, max_size=8)
_NAME = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f'"), max_size=12)


@given(st.lists(st.tuples(_NAME, st.lists(_ATOM, min_size=1, max_size=3).map(".".join), _ATOM), max_size=6))
def test_a_well_formed_list_comes_back(mailboxes: list[tuple[str, str, str]]) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    mailboxes = [(name, local, f"{word}.test") for name, local, word in mailboxes if "=?" not in name and name.isprintable()]
    value = ", ".join(f"{quoted(name)} <{local}@{domain}>" for name, local, domain in mailboxes)
    assert [(a.display, a.local, a.domain) for a in addresses.parse(value)] == [
        (name.strip(), local, domain) for name, local, domain in mailboxes
    ]


@given(st.text('a@<>",;:()\\[]. =?\t', max_size=60))
def test_any_text_gives_addresses_without_line_endings(value: str) -> None:
    for one in addresses.parse(value):
        assert one.display or one.local or one.domain or value
        assert "\n" not in one.display
