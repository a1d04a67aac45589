"""Who answers for whom: sponsors with people of agencies (P-09, C1)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.conduct.models import Violation
from civicmail.city.directory.models import Contract, Episode
from civicmail.city.identity import models as identity
from desk.mailbox.test_pages import said
from pages.world import Town, town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


@pytest.fixture
def city(installed: Path, db: None) -> Town:
    """The town without mail: nothing here asks for any."""
    (installed / "claimed").touch()
    return town()


def people(client: Client, path: str) -> list[list[str]]:
    """The lines of the file, without its header."""
    answer: Any = client.get(f"{path}{'&' if '?' in path else '?'}format=csv")
    return list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))[1:]


@pytest.mark.rule(
    "P-09, C1",
    "The access office and the auditor see each sponsor with the people they answer for, contract, open violations and "
    "undertaking.",
)
def test_each_sponsor_stands_with_the_people_they_answer_for(city: Town, visit: Visit) -> None:
    """With contract, open violations and undertaking; what is out of order is found by a filter."""
    office, path = visit("office"), "/access/sponsors/"
    page = said(office.get(path))
    assert "Rosa Hale Pat Nguyen Crew Clerk Public Works Northline 26-114" in page and "0 Version 7" in page
    assert (
        people(office, f"{path}?state=open") == people(office, f"{path}?state=alone") == people(office, f"{path}?state=owed") == []
    )
    about = {
        "person": city.people["crew2"],
        "made": city.now,
        "since": city.now,
        "what": "Sold lists of residents.",
        "source": "person",
    }
    for state in ("reported", "unfounded", "appealed", "decided"):
        Violation.objects.create(state=state, **about)
    Episode.objects.filter(person=city.people["head"]).update(ended=city.now.date() - timedelta(days=1))
    identity.PolicyText.objects.create(
        version=8, title="E-mail use policy", text="New.", sha256="8" * 64, published=city.now, by="p-office"
    )
    for state in ("open", "alone", "owed"):
        [line] = people(office, f"{path}?state={state}")
        assert line[1] == "Pat Nguyen (Crew Clerk)" and line[-2] == "2" and line[-1] == "Owed (Version 7)", state
    assert line[0].startswith("Rosa Hale (left on ")
    assert people(office, f"{path}?state=over") == people(office, f"{path}?q=nobody") == []
    assert len(people(office, f"{path}?sponsor=p-head&agency=northline&sort=-ends")) == 1
    Contract.objects.update(sponsor=None)
    assert people(visit("auditor"), f"{path}?state=alone")[0][0] == "Nobody"


@pytest.mark.rule("P-09", "A sponsor sees only the people that they are responsible for.")
def test_a_sponsor_sees_the_people_they_answer_for_and_nobody_elses(city: Town, visit: Visit) -> None:
    """Nor the pages of the access office; their own access says where."""
    head, other = visit("head"), visit("deputy")
    assert "Pat Nguyen" in said(head.get("/my/sponsored/")) and "/my/sponsored/" in head.get("/my/access/").content.decode()
    assert people(other, "/my/sponsored/") == [] and "/my/sponsored/" not in other.get("/my/access/").content.decode()
    assert "You sponsor no one who works here now." in said(other.get("/my/sponsored/"))
    assert head.get("/access/sponsors/").status_code == 403
