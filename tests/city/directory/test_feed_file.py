"""A personnel list as a file: what is wrong with it is said in one sentence, whatever it is (L7, bad input; P-08)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.directory import feed_file
from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.feed_file import read

HEAD = "uid,given,family,kind,department,position,supervisor,starts\n"


def test_a_line_is_a_person_and_columns_come_in_any_order() -> None:
    feed = read("\ufeffFamily;UID;kind;department;starts\nMüller;e-1;Employee;CLERK;2026-01-31\n\n".encode())
    row = feed.rows[0]
    assert (row.uid, row.family, row.kind, row.department, row.starts) == ("e-1", "Müller", "employee", "clerk", date(2026, 1, 31))
    assert row.line == 2 and row.shown == "Müller" and feed.columns == {"family", "uid", "kind", "department", "starts"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "uid, family, kind, department are missing"),
        (b"uid,family,kind\n", "department is missing"),
        (b"uid,family,kind,department,salary\n", "no column salary"),
        (b"uid,uid,family,kind,department\n", "stands twice"),
        (HEAD.encode(), "no people"),
        (HEAD.encode() + "e-1,Ann,Müller,employee,clerk,,,\n".encode("cp1252"), "Line 2 is not UTF-8"),
        (HEAD.encode("utf-16"), "UTF-16"),
        (HEAD.encode() + b"e-1,\0,B,employee,clerk,,,\n", "zero bytes"),
        (HEAD.encode() + b'e-1,"A"x,B,employee,clerk,,,\n', "Line 2 is not CSV"),
        (HEAD.encode() + b"x" * feed_file.MAX_BYTES, "MB"),
        (b"PK\x03\x04" + bytes(200), "zero bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_nothing_is_read(content: bytes, said: str) -> None:
    with pytest.raises(Unusable, match=said):
        read(content)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("e-1,Ann,,employee,clerk,,,", "family is empty"),
        ("e-1,Ann,B,wizard,clerk,,,", "no kind wizard"),
        ("e-1,Ann,B,employee,clerk,,,31.1.2026", "not a date"),
        ("e-1,Ann,B,employee,clerk,,e-1,", "themselves"),
        ("e-1,Ann,B,employee,clerk", "5 fields"),
        (f"e-1,{'a' * 81},B,employee,clerk,,,", "more than 80"),
        ("e-1,A\u202enn,B,employee,clerk,,,", "cannot be printed"),
    ],
)
def test_a_bad_line_is_refused_alone(line: str, said: str) -> None:
    feed = read(f"{HEAD}{line}\ne-2,Bob,Baker,employee,clerk,,,\n".encode())
    assert [r.uid for r in feed.rows] == ["e-2"]
    assert [(r.line, r.uid) for r in feed.refused] == [(2, "e-1")] and said in feed.refused[0].reason


def test_addresses_elsewhere_are_addresses() -> None:
    head = HEAD.replace("starts", "outside")
    feed = read(f'{head}e-1,Ann,B,employee,clerk,,,"A@x.example, b@y.example"\ne-2,Bob,B,employee,clerk,,,bob\n'.encode())
    assert [r.outside for r in feed.rows] == ["a@x.example b@y.example"]
    assert [r.reason for r in feed.refused] == ["The field outside has bob, which is no address."]


def test_two_lines_about_one_person_are_both_refused() -> None:
    feed = read(f"{HEAD}e-1,A,B,employee,clerk,,,\ne-2,C,D,employee,clerk,,,\ne-1,A,X,employee,clerk,,,\n".encode())
    assert [r.uid for r in feed.rows] == ["e-2"]
    assert [(r.line, r.reason) for r in feed.refused] == [(n, "Lines 2 and 4 are about the same uid.") for n in (2, 4)]


@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda t: (HEAD + t).encode("utf-8", "replace")))
def test_whatever_it_is_the_answer_is_people_or_a_sentence(content: bytes) -> None:
    try:
        feed = read(content)
    except Unusable as error:
        assert str(error).endswith((".", "!"))
        return
    assert feed.rows or feed.refused
    assert all(r.uid and r.family and r.kind in feed_file.KINDS for r in feed.rows)
