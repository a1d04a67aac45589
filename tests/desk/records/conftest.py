"""The town of the pages, with its requests for records, and the law that its city adopted."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.law import adopted, shipped
from civicmail.city.law.pack import LawPack
from pages.conftest import browse as browse
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.conftest import city as city
from pages.conftest import visit as visit


@pytest.fixture(params=["wisconsin"])
def law(request: pytest.FixtureRequest, installed: Path, city: Any) -> LawPack:
    """The law pack in force."""
    return adopted.adopt(installed, shipped.text(request.param), by="attorney", at=epoch_ms(city.now), today=date(2026, 3, 2)).pack


@pytest.fixture
def act(city: Any) -> Any:
    """The actor of one of the town's people: act("recorder")."""

    def of(key: str) -> Actor:
        return actor_of(city.people[key].account, "", epoch_ms(city.now))

    return of
