"""The head's statement on its page: read, signed with words or without, kept as it was signed, and as a file (P-28)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client

from civicmail.city.conduct.models import Statement
from pages.test_tasks import text_of
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
URL = "/dept/public-works/statement/2025-2/"


def test_a_head_reads_and_signs_and_nothing_is_chosen_before(city: Town, visit: Visit) -> None:
    """P-28."""
    head = visit("head")
    page = head.get(URL)
    assert "Sign 1 statement" in text_of(page) and b" checked" not in page.content
    assert "Contractors, vendors and agents" in text_of(page)
    assert head.post(URL, {}).status_code == 422
    short = head.post(URL, {"answer": "except", "remarks": "no"})
    assert short.status_code == 422 and "at least 20 characters" in text_of(short)
    both = head.post(URL, {"answer": "sign", "remarks": "One contract has no sponsor yet."})
    assert both.status_code == 422 and "One contract has no sponsor yet." in text_of(both), "the text stays"
    assert head.post(URL, {"answer": "except", "remarks": "One contract has no sponsor yet."}).status_code == 302
    signed = head.get(URL)
    assert "One contract has no sponsor yet." in text_of(signed) and "As it was when it was signed" in text_of(signed)
    again = head.post(URL, {"answer": "sign"})
    assert again.status_code == 409 and Statement.objects.get().state == "exceptions"


def test_who_may_only_read_it_is_not_asked_to_sign(city: Town, visit: Visit) -> None:
    for who in ("office", "auditor", "director"):
        client = visit(who)
        assert "Sign 1 statement" not in text_of(client.get(URL))
        assert client.post(URL, {"answer": "sign"}).status_code == 403
    assert Statement.objects.get().state == "open"


def test_the_file_has_the_numbers_and_the_signature(city: Town, visit: Visit) -> None:
    visit("deputy").post(URL, {"answer": "sign"})
    rows = list(csv.DictReader(io.StringIO(visit("auditor").get(f"{URL}?format=csv").content.decode())))
    assert {row["clause"] for row in rows} >= {"P-04", "P-05", "P-08", "P-09", "P-10", "P-18", "P-28"}
    assert rows[-1]["section"] == "Signature" and rows[-1]["what"] == "Signed"


def test_home_says_what_the_head_has_to_sign(city: Town, visit: Visit) -> None:
    assert "Sign the statement for July to December 2025" in text_of(visit("head").get("/"))
    assert "Sign the statement" not in text_of(visit("chief").get("/"))


@pytest.mark.parametrize("half", ["2025-3", "x", "2024-1"])
def test_a_half_without_a_statement_is_not_there(city: Town, visit: Visit, half: str) -> None:
    assert visit("head").get(f"/dept/public-works/statement/{half}/").status_code == 404
