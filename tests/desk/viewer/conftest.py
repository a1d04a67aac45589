"""A data folder with messages, and pages that show them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.viewer import rooms
from pages.world import Town, signed_in, town

NOW = 1_772_452_800_000

Keep = Callable[..., str]


@pytest.fixture
def city(installed: Path, db: None, settings: Any) -> Town:
    (installed / "claimed").touch()
    settings.ROOT_URLCONF = rooms.__name__
    rooms.ASKED.clear()
    return town()


@pytest.fixture
def keep(installed: Path) -> Keep:
    """Puts a message into the archive; its id."""

    def kept(body: bytes, **more: Any) -> str:
        id_ = capture_id(NOW, uuid.uuid4().bytes)
        envelope = Envelope("acme@paving.example", (Recipient("dana.ortiz@city.example"),), NOW)
        capture = capture_of(id_, scan(body), envelope, more.get("source", Source("mx", "25")))
        with closing(Writer(installed, lambda: NOW)) as writer:
            writer.receipt(capture, body)
            writer.flush()
        return str(uuid.UUID(bytes=id_))

    return kept


@pytest.fixture
def reader(city: Town) -> Client:
    """A client that is signed in."""
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = signed_in(city.people["crew0"])
    return client
