"""The page *Set up mail* as an employee sees it, on a phone and on a desk (P-15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from civicmail.city.directory.models import Mailbox
from front.web.programs.test_autoconfig import named
from pages.looks import looked_at
from pages.shots import shot

__all__ = ["named"]

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]


def test_each_value_to_type_has_a_name_of_its_own(browse: Callable[..., Any], named: Any) -> None:
    """Two rows were "Port and security", and on a phone nothing tells which is of which server."""
    page = browse("crew0", "/set-up/", width=320)
    for said in page.locator("dl").all():
        labels = said.locator("dt").all_inner_texts()
        assert labels and len(set(labels)) == len(labels), labels
    assert "IMAP port and security\n993, SSL/TLS" in page.inner_text("main")
    shot(page, "set-up")
    assert looked_at(page) == []


def test_who_has_no_mailbox_is_told_so(browse: Callable[..., Any], named: Any) -> None:
    page = browse("crew0", "/")
    Mailbox.objects.filter(holder=page.town.people["crew0"]).update(closed=page.town.now)
    page.goto(page.url.rstrip("/") + "/set-up/")
    text = page.inner_text("main")
    assert "You have no mailbox of your own." in text and "Any other program" not in text and "Thunderbird, Outlook" not in text
    shot(page, "set-up-nobody")
    assert looked_at(page) == []
