"""An installation, and a second place for it on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from civicmail.core.config.settings import Archive
from mail.replica.making import Town
from mail.replica.places import Place
from neighbours.authority import Authority


@pytest.fixture
def town(data: Path) -> Town:
    return Town(data)


@pytest.fixture
def settings(tmp_path: Path) -> Archive:
    authority = Authority(tmp_path / "certificates")
    certificate, key = authority.issue("standby.example")
    return Archive(
        standby_certificate=str(certificate), standby_key=str(key), standby_ca=str(authority.certificate), acknowledge="standby"
    )


@pytest.fixture
def place(tmp_path: Path, settings: Archive) -> Iterator[Place]:
    made = Place(tmp_path / "copy", settings)
    made.start()
    yield made
    made.stop()
