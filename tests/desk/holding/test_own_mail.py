"""Home tells a reader what of their mail waits for their own word (P-02, P-25)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from civicmail.city.access.moments import ms
from desk.holding.test_quarantine import quarantined, words
from pages.world import Town

pytestmark = pytest.mark.django_db
ASKS = "Say whether you want mail that is kept back"


def test_mail_that_waits_for_its_reader_is_a_task_of_theirs_alone(
    city: Town, installed: Path, visit: Callable[[str], Client]
) -> None:
    """R-809."""
    now = ms(city.now)
    assert ASKS not in words(visit("crew0").get("/"))
    quarantined(installed, now - 3000)
    quarantined(installed, now - 2000, rule="executable")
    home = words(visit("crew0").get("/"))
    assert ASKS in home and "1 waits for you" in home and "See what of your mail is held" in home
    assert ASKS not in words(visit("crew1").get("/"))
