"""Files of personnel systems with columns of their own: guessed, mapped, and bad lines named (P-08)."""

from __future__ import annotations

from datetime import date

import pytest

from civicmail.city.directory import feed_table
from civicmail.city.directory.errors import Unusable
from civicmail.city.directory.feed_table import Columns

HEAD = "EMPLID;Name;Dept;Job Title;Hire_Date\n"
MAPPING = Columns(
    {"emplid": "uid", "name": "full", "dept": "department", "hire_date": "starts"},
    kinds={},
    departments={"streets div.": "streets"},
    dates="mdy",
    kind="employee",
)


def test_encoding_and_separator_are_guessed_and_columns_proposed() -> None:
    """P-08."""
    for encoding, said in (("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16")):
        table = feed_table.read((HEAD + "1;Müller, Ann;Streets Div.;Clerk, senior;3/9/2026\n").encode(encoding))
        assert (table.encoding, table.separator) == (said, ";")
        assert table.rows == [(2, ["1", "Müller, Ann", "Streets Div.", "Clerk, senior", "3/9/2026"])]
    assert feed_table.propose_mapping(table.header) == {
        "emplid": "uid", "name": "full", "dept": "department", "job title": "position", "hire_date": "starts",
    }  # fmt: skip
    assert feed_table.propose_mapping(["Last Name", "Name", "ID", "EMPL_ID"]) == {"id": "uid", "last name": "family"}


@pytest.mark.rule("P-08", "A file with columns of its own is the same list; a bad line is refused alone and named.")
def test_a_mapped_file_is_the_same_list_and_a_bad_line_is_refused_alone() -> None:
    lines = "1;Müller, Ann;Streets Div.;Clerk;3/9/2026\n2;Bob B. Baker;clerk;;\n3;C;clerk;x\n4;D D;clerk;;31.3.2026\n5;;clerk;;\n"
    feed = feed_table.feed(feed_table.read((HEAD + lines).encode()), MAPPING)
    assert [row.uid for row in feed.rows] == ["1", "2"]
    ann, bob = feed.rows
    assert (ann.uid, ann.family, ann.given, ann.department, ann.starts) == ("1", "Müller", "Ann", "streets", date(2026, 3, 9))
    assert (bob.family, bob.given, bob.kind, bob.line) == ("Baker", "Bob B.", "employee", 3)
    assert {(r.line, r.uid) for r in feed.refused} == {(4, "3"), (5, "4"), (6, "5")}
    assert feed.columns == {"uid", "family", "given", "kind", "department", "starts"}, "what is not mapped stays as it is"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"emplid": "uid", "name": "full"}, "No column is department"),
        ({"emplid": "uid", "dept": "department"}, "family"),
        ({"emplid": "uid", "name": "full", "dept": "department", "job title": "uid"}, "Two columns are uid"),
        ({"emplid": "uid", "name": "full", "bureau": "department"}, "no column bureau"),
    ],
)
def test_a_mapping_that_does_not_fit_is_said(columns: dict[str, str], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        feed_table.feed(feed_table.read((HEAD + "1;A, B;clerk;x;\n").encode()), Columns(columns, kind="employee"))


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\0\0", b"\xff\xfea", b"x" * 20_000_001, b'a,b\n"x"y,z\n'])
def test_what_is_no_table_is_said(content: bytes) -> None:
    with pytest.raises(Unusable):
        feed_table.read(content)


def test_our_own_columns_need_no_mapping() -> None:
    assert feed_table.read(b"uid,family,kind,department\n1,A,employee,clerk\n").is_ours
    assert not feed_table.read(b"uid,family,kind,department,salary\n1,A,employee,clerk,1\n").is_ours
    assert not feed_table.read("uid,family,kind,department\n1,Ä,employee,clerk\n".encode("cp1252")).is_ours
