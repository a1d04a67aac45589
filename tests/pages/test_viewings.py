"""Views of my mail The same page, byte for byte, whether somebody is looking at this moment or not (P-16, E1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.identity.actions import content_views, mandates
from civicmail.city.identity.queries.mandates import to_mandate
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def _page(visit: Visit) -> bytes:
    """The page without what is another one each time: the token of its forms, and the foot with the number and time of the
    request."""
    answer = visit("crew0").get("/my/viewings/")
    assert answer.status_code == 200
    return re.sub(rb'(?s)name="csrfmiddlewaretoken" value="\w+"|<footer.*</footer>', b"", answer.content)


def _case(city: Town, *, close: bool = False, sealed: bool = False, look: bool = True) -> str:
    """A case about crew0, in force; or one that is over by now. Its number."""
    now = epoch_ms(city.now)
    exa = Actor("p-examiner", held=(HeldRole("examiner", "", now + DAY_MS),))
    second = Actor("p-records", held=(HeldRole("examination-approver", "", now + DAY_MS),))
    wanted = MandateRequest(("p-crew0",), reason="A tip that a permit was sold for money.")
    row = mandates.ask("examination", "examiner", wanted, sealed=sealed, actor=exa, now=now)
    row = mandates.approve(row, actor=second, now=now)
    if look:
        content_views.under(to_mandate(row), "content.show", actor=exa, facts={"id": "0192"}, now=now)
        row.refresh_from_db()
    if close:
        mandates.close(row, "The permit was paid for at the counter.", actor=exa, now=now)
    return row.number


@pytest.mark.rule(
    "P-16, E1",
    "The people examined are never told: their page is the same byte for byte, whether a case is open or not.",
)
@pytest.mark.parametrize("shows", ["never", "closed"])
def test_the_page_is_the_same_whether_a_case_is_open_or_not(city: Town, visit: Visit, settings: Any, shows: str) -> None:
    """Asked, in force, looked at, sealed and closed: not a byte differs."""
    settings.CITY = replace(settings.CITY, oversight=replace(settings.CITY.oversight, show_looks=shows))
    before = _page(visit)
    assert b"Nobody has looked, as far as may be shown." in before
    _case(city)
    assert _page(visit) == before
    _case(city, close=True, sealed=True)
    _case(city, close=True, look=False)
    assert _page(visit) == before
    number = _case(city, close=True)
    after = _page(visit)
    if shows == "never":
        assert after == before
        return
    assert f"Case {number}".encode() in after and b"an examiner looked" in after and b"Nobody has looked" not in after
    assert b"p-examiner" not in after and b"permit was sold" not in after, "neither who nor the tip"
    _case(city)
    assert _page(visit) == after
    assert b"Case 26" not in visit("crew1").get("/my/viewings/").content


def test_nobody_is_told_by_a_task_a_count_or_a_page(city: Town, visit: Visit) -> None:
    """E1: no page that the person may open says a word of it, the records of the access office neither."""
    client, pages = visit("crew0"), ("/", "/my/access/", "/my/viewings/", "/duties/")
    before = [len(client.get(path).content) for path in pages]
    number = _case(city)
    assert [len(client.get(path).content) for path in pages] == before
    for path in pages:
        assert number.encode() not in client.get(path).content
    assert number.encode() not in visit("office").get("/oversight/audit/").content
    assert number.encode() in visit("auditor").get("/oversight/audit/").content
