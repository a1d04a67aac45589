"""Lists from the address alone: filters, sorting, paging, CSV (P-08)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.directory.models import Department
from civicmail.city.pages import listing
from civicmail.city.pages.listing import Cell, Column, Filter

pytestmark = pytest.mark.django_db


def columns() -> list[Column]:
    return [
        Column("name", "Name", lambda d: Cell(d.name, f"/{d.code}/"), ("name",)),
        Column("cost", "Cost", lambda d: d.mailbox_cost, ("mailbox_cost",), num=True),
    ]


def made(query: str, path: str = "/x/") -> listing.Listing:
    request = RequestFactory().get(f"{path}?{query}")
    filters = [
        Filter("q", "Words", lambda rows, value: rows.filter(name__icontains=value)),
        Filter("cost", "Cost", lambda rows, value: rows.filter(mailbox_cost=int(value)), [("0", "free"), ("7", "seven")]),
    ]
    query_ = Department.objects.all()
    return listing.from_query(
        request, query_, caption="c", columns=columns(), filters=filters, empty="none", noun="departments", sort="name"
    )


@pytest.fixture
def many() -> None:
    Department.objects.bulk_create([Department(code=f"d{n}", name=f"Name {n:03}", mailbox_cost=7 * (n % 2)) for n in range(120)])


def names(found: listing.Listing) -> list[str]:
    return [row.cells[0][1].text for row in found.rows]


def test_a_page_has_fifty_rows_and_links_to_its_neighbours(many: None) -> None:
    first, second, last = made(""), made("page=2"), made("page=3")
    assert (len(first.rows), first.first, first.last, first.total, first.pages) == (50, 1, 50, 120, 3)
    assert (first.newer, first.older) == ("", "/x/?page=2")
    assert (second.newer, second.older) == ("/x/", "/x/?page=3")
    assert (len(last.rows), last.older) == (20, "")
    assert names(first) + names(second) + names(last) == sorted(f"Name {n:03}" for n in range(120))


def test_filters_are_chips_that_can_be_taken_out_one_by_one(many: None) -> None:
    found = made("q=name+01&cost=7&sort=-name")
    assert (found.total, found.everything) == (5, 120)
    assert [(c.words, c.without) for c in found.chips] == [
        ("Words: name 01", "/x/?cost=7&sort=-name"),
        ("Cost: seven", "/x/?q=name+01&sort=-name"),
    ]
    assert names(found) == sorted(names(found), reverse=True)
    assert [h.direction for h in found.heads] == ["descending", ""]
    assert found.heads[0].link == "/x/?q=name+01&cost=7&sort=name"


def test_a_short_list_comes_before_its_filters(many: None) -> None:
    long = made("cost=7")
    assert ([f.key for f, _ in long.fields], long.more) == (["q", "cost"], []), "few matches do not move the filters"
    Department.objects.exclude(code__startswith="d1").delete()
    Department.objects.exclude(code__in=[f"d1{n}" for n in range(10)]).delete()
    short = made("cost=7")
    assert (short.everything, short.fields) == (10, [])
    assert ([(f.key, value) for f, value in short.more], short.more_used) == ([("q", ""), ("cost", "7")], 1)


def test_one_of_a_kind_is_said_in_the_singular(many: None) -> None:
    assert (made("").counted, made("q=name+001").counted) == ("departments", "departments")
    Department.objects.exclude(code="d1").delete()
    assert (made("").counted, made("q=nothing").counted) == ("department", "department")


def test_a_page_number_does_not_survive_another_filter(many: None) -> None:
    assert made("page=2&sort=-cost").heads[0].link == "/x/?sort=name"


# a zero byte in an address is answered before any page (tests/pages/test_bad_input.py); PostgreSQL knows none
TYPED = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.dictionaries(st.sampled_from(["page", "sort", "q", "cost", "format", "x"]), TYPED, max_size=6))
def test_no_address_breaks_a_list(asked: dict[str, str]) -> None:
    """Whatever the query says, unknown columns and choices included."""
    request = RequestFactory().get("/x/", asked)
    found = made(request.META["QUERY_STRING"])
    assert found.page >= 1
    assert found.total >= 0


def test_the_file_has_all_rows_and_no_formula(many: None) -> None:
    Department.objects.create(code="evil", name="=HYPERLINK(1)", mailbox_cost=1)
    Department.objects.create(code="none", name="", mailbox_cost=2)
    request = RequestFactory().get("/x/?format=csv")
    response: Any = listing.render_list(request, "pages/list.html", made("format=csv"), {})
    text = b"".join(response.streaming_content).decode()
    lines = text.splitlines()
    assert lines[0] == "\ufeffName,Cost"
    assert len(lines) == 123
    assert ",2" in lines, "an empty value stays empty"
    assert "'=HYPERLINK(1),1" in lines
    assert response["Content-Disposition"] == 'attachment; filename="departments.csv"'


def test_a_part_is_asked_for_by_script_and_caches_know_the_difference(many: None) -> None:
    request = RequestFactory().get("/x/", headers={"HX-Request-Type": "partial"})
    response: Any = listing.render_list(request, "pages/list.html", made(""), {})
    assert b"<html" not in response.content
    assert response["Vary"] == "HX-Request-Type"
