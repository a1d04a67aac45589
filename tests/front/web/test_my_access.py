"""My access names the people whom one is told to ask (P-04, P-09)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from desk.mailbox.test_pages import said
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("installed")
def test_whoever_has_no_access_reads_who_can_ask_for_it(city: Town, visit: Callable[[str], Client]) -> None:
    """ "Your supervisor" is nobody's name on a first day."""
    city.authorizations["crew3"].delete()
    assert f"Your supervisor can ask for it: {city.people['super']}." in said(visit("crew3").get("/my/access/"))


@pytest.mark.usefixtures("installed")
def test_people_of_an_agency_read_under_which_contract_and_who_answers_for_them(city: Town, visit: Callable[[str], Client]) -> None:
    """They were told only to ask the sponsor of their contract, whose name stood nowhere that they may look."""
    page = said(visit("crew2").get("/my/access/"))
    assert "You work here for Northline, under contract 26-114, which ends on" in page
    assert f"{city.people['head']} answers for you in the city" in page
    assert "answers for you" not in said(visit("crew0").get("/my/access/"))
