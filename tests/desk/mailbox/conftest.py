"""The town of the pages, with a letter box."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from desk.mailbox.post import Post
from pages.world import Town, signed_in, town


@pytest.fixture
def city(installed: Path, db: None) -> Town:
    (installed / "claimed").touch()
    return town()


@pytest.fixture
def post(installed: Path, city: Town) -> Post:
    return Post(installed, city)


@pytest.fixture
def visit(city: Town) -> Callable[[str], Client]:
    """A client that is signed in as one of the town's people."""

    def enter(key: str) -> Client:
        client = Client()
        client.cookies["sessionid"] = signed_in(city.people[key])
        return client

    return enter
