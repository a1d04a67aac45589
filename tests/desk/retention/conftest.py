"""The town of the pages, with its legal holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.guard.epoch import epoch_ms
from pages.conftest import visit as visit
from pages.conftest import with_mail
from pages.retention_rows import retention
from pages.world import Town


@pytest.fixture
def city(installed: Path, db: None) -> Town:
    """The installation is claimed."""
    (installed / "claimed").touch()
    town = with_mail(installed)
    town.objects |= retention(installed, epoch_ms(town.now))
    return town
