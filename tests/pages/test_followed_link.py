"""The page of a link in Chromium, for a reader without an account: at both widths, by keyboard, in Spanish (P-31)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.notices import signed_links
from civicmail.desk.incidents.models import Case, Opening
from civicmail.mail.courier import link_rewriting
from civicmail.mail.courier.link_rewriting import RewrittenLink
from pages.looks import looked_at
from pages.test_asked_sender import shot

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


def test_a_reader_sees_where_a_link_leads_and_a_dangerous_one_has_no_way_on(browse: Callable[..., Any], installed: Path) -> None:
    """The name in large letters; whoever opens a dangerous one in a browser is kept for security."""
    town: list[Any] = []

    def begin(t: Any) -> str:
        town.append(t)
        link = RewrittenLink(
            uuid.UUID(t.objects["mail delivered"]).bytes, 0, "http://xn--80ak6aa92e.com/login?next=1", "www.bank.example"
        )
        return f"/l/{link_rewriting.token(signed_links.ring(installed), link)}"

    page = browse("", begin)
    assert looked_at(page) == []
    shot(page, "followed")
    assert page.get_by_role("link", name="Go to").get_attribute("href") == "http://xn--80ak6aa92e.com/login?next=1"
    (t,) = town
    Case.objects.filter(capture=t.objects["mail delivered"]).update(
        state="right", person=t.people["admin"], answered=t.now, why="It asks for passwords."
    )
    page.goto(page.url)
    page.get_by_text("Do not go there.").wait_for()
    assert looked_at(page) == []
    shot(page, "followed-stop")
    assert Opening.objects.count() == 1, "a browser says that a person opened it"
    page.get_by_role("button", name="I have been there already").press("Enter")
    page.get_by_text("Security knows.").wait_for()
    assert looked_at(page) == []
    shot(page, "followed-told")
